package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.PackedLayers;
import org.clip4j.clip.Tower;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.Precision;
import org.clip4j.testing.Goldens;
import org.clip4j.weights.PackedFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Packed weights beside a model: the same numbers, or none of theirs. On oneDNN, which is there on every build machine. */
class PackedLayersTest {
    private static final LoadOptions OPTIONS = LoadOptions.defaults().withBackend("onednn").withThreads(2);

    @TempDir
    private Path folder;
    private Path model;

    private void convert(String checkpoint) throws IOException {
        model = folder.resolve("model.safetensors");
        Path from = Files.createTempDirectory(folder, "checkpoint");
        Converter.convert(Goldens.copy("tiny/" + checkpoint, from), model,
                new ConvertOptions(Optional.of(Goldens.copy("tiny/bpe_reduced_1000.txt.gz", from)), Optional.empty(),
                        Optional.empty()),
                ProgressListener.NONE);
    }

    @BeforeEach
    void convert() throws IOException {
        convert("openai_jit_vit.pt");
    }

    private float[] embeddings(LoadOptions options, boolean mapped) throws IOException {
        try (ClipModel loaded = ClipModel.load(model, options); ClipSession session = loaded.newSession()) {
            assertThat(loaded.packedFile().isPresent()).isEqualTo(mapped);
            int side = loaded.imageResolution();
            FloatBuffer pixels = GoldenEmbeddings.newBuffer(3 * side * side);
            InputGenerator.image("seed", "test", side, 0, pixels);
            float[] rows = new float[2 * loaded.embedDim()];
            session.embedPixels(pixels, 0, 1, EmbeddingForm.RAW, FloatBuffer.wrap(rows), 0);
            session.embedTokens(new int[]{998, 320, 539, 999}, new int[]{0, 4}, 1, EmbeddingForm.RAW,
                    FloatBuffer.wrap(rows), loaded.embedDim());
            return rows;
        }
    }

    @ParameterizedTest
    @CsvSource({"openai_jit_vit.pt, F32", "openai_jit_vit.pt, BF16", "openai_jit_vit.pt, INT8",
            "openai_jit_rn.pt, F32"})
    void aModelWithPackedWeightsGivesTheSameNumbers(String checkpoint, Precision precision) throws IOException {
        convert(checkpoint);
        LoadOptions options = OPTIONS.withPrecision(precision);
        float[] expected = embeddings(options, false);
        Path file = PackedLayers.pack(model, options);
        assertThat(file.getParent()).isEqualTo(folder);
        assertThat(file.getFileName().toString()).matches("model\\.safetensors\\.onednn[0-9.]+-[a-z0-9_]+-"
                + precision.label() + "-2threads\\.packed");
        assertThat(embeddings(options, true)).containsExactly(expected);
        assertThat(PackedLayers.pack(model, options)).isEqualTo(file);
        assertThat(embeddings(options, true)).containsExactly(expected);
    }

    @Test
    void oneTowerTakesItsOwn() throws IOException {
        PackedLayers.pack(model, OPTIONS);
        try (ClipModel text = ClipModel.load(model, OPTIONS.withTowers(Tower.TEXT))) {
            assertThat(text.packedFile()).isPresent();
            assertThat(text.packedProblem()).isEmpty();
            assertThat(text.embed("the cat")).hasSize(32);
        }
    }

    @Test
    void otherThreadsAndPrecisionsAreNotConcerned() throws IOException {
        PackedLayers.pack(model, OPTIONS);
        for (LoadOptions other : new LoadOptions[]{OPTIONS.withThreads(1), OPTIONS.withPrecision(Precision.BF16),
                OPTIONS.withBackend("openblas")}) {
            try (ClipModel loaded = ClipModel.load(model, other)) {
                assertThat(loaded.packedFile()).isEmpty();
                assertThat(loaded.packedProblem()).isEmpty();
            }
        }
    }

    @Test
    void anotherModelOfTheSameNameIsNotTakenForIt() throws IOException {
        Path packed = PackedLayers.pack(model, OPTIONS);
        convert("state_dict_vit_f32.pt");
        Files.setLastModifiedTime(packed, FileTime.fromMillis(System.currentTimeMillis() + 60_000));
        expectPassedOver("field=model", "clip pack");
    }

    @Test
    void aModelThatHasBeenChangedInPlaceIsNoticed() throws IOException {
        PackedLayers.pack(model, OPTIONS);
        Files.setLastModifiedTime(model, FileTime.fromMillis(System.currentTimeMillis() + 60_000));
        expectPassedOver("older than their model", "clip pack");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 100, 5_000, -1})
    void aFileThatWasCutShortIsPassedOver(int length) throws IOException {
        Path packed = PackedLayers.pack(model, OPTIONS);
        try (FileChannel channel = FileChannel.open(packed, StandardOpenOption.WRITE)) {
            channel.truncate(length < 0 ? channel.size() + length : length);
        }
        expectPassedOver(packed.toString());
    }

    /** Precision, K and N, a K of nothing, and an N whose weights are as large as those of the right one. */
    @ParameterizedTest
    @ValueSource(strings = {"f99 ", "f32 x", "f32 9", "bf16", "f32 00 ", "f32 64 31"})
    void aFileWhoseLayersDoNotFitIsPassedOver(String damaged) throws IOException {
        Path packed = PackedLayers.pack(model, OPTIONS);
        byte[] bytes = Files.readAllBytes(packed);
        String layer = "\"layer visual.proj\":\"";
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(layer + "f32 ");
        assertThat(at).isPositive();
        System.arraycopy(damaged.getBytes(StandardCharsets.ISO_8859_1), 0, bytes, at + layer.length(),
                damaged.length());
        Files.write(packed, bytes);
        expectPassedOver("packed weights");
    }

    /** Packs anew, and says why. */
    private void expectPassedOver(String... parts) throws IOException {
        try (ClipModel loaded = ClipModel.load(model, OPTIONS)) {
            assertThat(loaded.packedFile()).isEmpty();
            assertThat(loaded.packedProblem()).isPresent();
            assertThat(loaded.packedProblem().get()).contains(parts).doesNotContain("\n");
            assertThat(loaded.embed("the cat")).hasSize(32);
        }
    }

    @Test
    void allFilesBesideAModelAreFound() throws IOException {
        Path two = PackedLayers.pack(model, OPTIONS);
        Path one = PackedLayers.pack(model, OPTIONS.withThreads(1));
        Files.createFile(folder.resolve("other.safetensors.onednn.packed"));
        assertThat(PackedFile.allBeside(model)).containsExactlyInAnyOrder(one, two);
    }

    @Test
    void aBackendThatPacksNothingSaysSo() {
        assertThatThrownBy(() -> PackedLayers.pack(model, OPTIONS.withBackend("openblas")))
                .isInstanceOf(BackendException.class)
                .hasMessageContainingAll("openblas", "f32", "choose another one");
        assertThatThrownBy(() -> PackedLayers.pack(folder.resolve("none"), OPTIONS)).isInstanceOf(IOException.class);
    }
}
