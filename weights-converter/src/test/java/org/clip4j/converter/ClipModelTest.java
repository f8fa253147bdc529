package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Text;
import org.clip4j.clip.Tower;
import org.clip4j.clip.ZeroShotClassifier;
import org.clip4j.similarity.Similarity;
import org.clip4j.weights.ModelFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Results and argument checks of the public face, on a tiny model of the goldens. */
class ClipModelTest {
    @TempDir
    private Path folder;
    private Path file;
    private final FloatBuffer pixels = TinyModel.images(20);

    @BeforeEach
    void convert() throws IOException {
        file = TinyModel.convert(folder);
    }

    @Test
    void batchesLargerThanTheWorkspaceGiveTheSameRows() throws IOException {
        try (ClipModel model = ClipModel.load(file);
                ClipSession small = model.newSession(new SessionOptions(3, 1));
                ClipSession large = model.newSession(new SessionOptions(20, 16))) {
            float[] inPieces = new float[20 * 32];
            float[] atOnce = new float[20 * 32];
            small.embedPixels(pixels, 0, 20, EmbeddingForm.RAW, FloatBuffer.wrap(inPieces), 0);
            large.embedPixels(pixels, 0, 20, EmbeddingForm.RAW, FloatBuffer.wrap(atOnce), 0);
            assertThat(inPieces).containsExactly(atOnce, within(1e-5f));
            float[] texts = new float[3 * 32];
            float[] together = new float[3 * 32];
            small.embedTokens(TinyModel.IDS, TinyModel.OFFSETS, 3, EmbeddingForm.RAW, FloatBuffer.wrap(texts), 0);
            large.embedTokens(TinyModel.IDS, TinyModel.OFFSETS, 3, EmbeddingForm.RAW, FloatBuffer.wrap(together), 0);
            assertThat(texts).containsExactly(together, within(1e-5f));
        }
    }

    @Test
    void normalizedEmbeddingsHaveUnitLengthAndTheDirectionOfRawOnes() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            float[] raw = new float[32];
            float[] normalized = new float[32];
            session.embedTexts(List.of(Text.of("the cat")), EmbeddingForm.RAW, FloatBuffer.wrap(raw), 0);
            session.embedTexts(List.of(Text.of("the cat")), EmbeddingForm.NORMALIZED, FloatBuffer.wrap(normalized), 0);
            assertThat(Similarity.normalize(raw)).containsExactly(normalized, within(1e-6f));
            assertThat(session.embed("the cat")).containsExactly(normalized);
            assertThat(model.embed("the cat")).containsExactly(normalized);
        }
    }

    @Test
    void aModelInMemoryGivesTheSameEmbeddingsAsTheMappedFile() throws IOException {
        byte[] content = Files.readAllBytes(file);
        ModelFile inMemory = ModelFile.read(ByteBuffer.allocateDirect(content.length).put(content).flip(), "resource");
        try (ClipModel mapped = ClipModel.load(file);
                ClipModel model = ClipModel.load(inMemory, LoadOptions.defaults());
                ClipSession expected = mapped.newSession();
                ClipSession session = model.newSession()) {
            float[] images = new float[2 * 32];
            float[] same = new float[2 * 32];
            expected.embedPixels(pixels, 0, 2, EmbeddingForm.RAW, FloatBuffer.wrap(images), 0);
            session.embedPixels(pixels, 0, 2, EmbeddingForm.RAW, FloatBuffer.wrap(same), 0);
            assertThat(same).containsExactly(images);
            assertThat(session.embed("the cat")).containsExactly(expected.embed("the cat"));
            assertThat(model.name()).isEqualTo("resource");
        }
        assertThatThrownBy(() -> inMemory.tensor("visual.proj")).as("closed with the model")
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aModelFileIsClosedWhenLoadingFails() throws IOException {
        ModelFile opened = ModelFile.open(file);
        assertThatThrownBy(() -> ClipModel.load(opened, LoadOptions.defaults().withBackend("none")))
                .isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> opened.tensor("visual.proj")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void whatFollowsTheEndTokenDoesNotCount() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            float[] out = new float[2 * 32];
            session.embedTexts(List.of(Text.tokens(998, 320, 999), Text.tokens(998, 320, 999, 5, 6, 7)),
                    EmbeddingForm.RAW, FloatBuffer.wrap(out), 0);
            for (int i = 0; i < 32; i++) {
                assertThat(out[i]).isEqualTo(out[32 + i]);
            }
        }
    }

    @Test
    void refusesAScaleThatIsNoNumber() throws IOException {
        for (float stored : new float[]{Float.NaN, Float.POSITIVE_INFINITY, 1000, -1000}) {
            Path bad = folder.resolve("scale" + stored);
            Files.write(bad, withLogitScale(Files.readAllBytes(file), stored));
            assertThatThrownBy(() -> ClipModel.load(bad)).isInstanceOf(IOException.class)
                    .hasMessageContaining("logit_scale").hasMessageContaining(bad.toString());
        }
    }

    private static byte[] withLogitScale(byte[] model, float stored) {
        ByteBuffer bytes = ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = (int) bytes.getLong(0);
        String header = new String(model, 8, headerBytes, StandardCharsets.UTF_8);
        Matcher offsets = Pattern.compile("\"logit_scale\":\\{[^}]*\"data_offsets\":\\[(\\d+),").matcher(header);
        assertThat(offsets.find()).isTrue();
        bytes.putFloat(8 + headerBytes + Integer.parseInt(offsets.group(1)), stored);
        return model;
    }

    @Test
    void towersLoadSeparately() throws IOException {
        try (ClipModel model = ClipModel.load(file, LoadOptions.defaults().withTowers(Tower.IMAGE));
                ClipSession session = model.newSession()) {
            FloatBuffer out = GoldenEmbeddings.newBuffer(32);
            session.embedPixels(pixels, 0, 1, EmbeddingForm.NORMALIZED, out, 0);
            assertThatThrownBy(() -> session.embed("cat")).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("text tower was not loaded");
        }
    }

    @Test
    void refusesPixelsThatAreNotFinite() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            FloatBuffer out = GoldenEmbeddings.newBuffer(2 * 32);
            for (float value : new float[]{Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                pixels.put(TinyModel.PIXELS + 7, value);
                assertThatThrownBy(() -> session.embedPixels(pixels, 0, 2, EmbeddingForm.RAW, out, 0))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("pixels must be finite: image=1 index=7 value=" + value);
            }
        }
    }

    @Test
    void refusesTokensThatTheModelCannotTake() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            FloatBuffer out = GoldenEmbeddings.newBuffer(32);
            assertThatThrownBy(() -> session.embedTokens(new int[]{998, 1000}, new int[]{0, 2}, 1, EmbeddingForm.RAW,
                    out, 0)).hasMessageContaining("id=1000 vocabSize=1000");
            assertThatThrownBy(() -> session.embedTokens(new int[]{-1}, new int[]{0, 1}, 1, EmbeddingForm.RAW, out, 0))
                    .hasMessageContaining("id=-1");
            assertThatThrownBy(() -> session.embedTokens(new int[17], new int[]{0, 17}, 1, EmbeddingForm.RAW, out, 0))
                    .hasMessageContaining("tokens=17 contextLength=16");
            assertThatThrownBy(() -> session.embedTokens(new int[0], new int[]{0, 0}, 1, EmbeddingForm.RAW, out, 0))
                    .hasMessageContaining("tokens=0");
            assertThatThrownBy(() -> session.embedTokens(new int[2], new int[]{0, 5}, 1, EmbeddingForm.RAW, out, 0))
                    .hasMessageContaining("offset=5 ids=2");
            FloatBuffer tooSmall = GoldenEmbeddings.newBuffer(31);
            assertThatThrownBy(
                    () -> session.embedTokens(new int[1], new int[]{0, 1}, 1, EmbeddingForm.RAW, tooSmall, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("needed=32 limit=31");
        }
    }

    @Test
    void ensemblesTemplatesByNormalisedMean() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            ZeroShotClassifier classifier = ZeroShotClassifier.build(session, List.of("cat", "man", "house"),
                    List.of("a photo of the {}", "the {}"));
            float[] first = session.embed("a photo of the man");
            float[] second = session.embed("the man");
            float[] mean = new float[32];
            for (int i = 0; i < 32; i++) {
                mean[i] = (first[i] + second[i]) / 2;
            }
            assertThat(classifier.labelEmbedding(1)).containsExactly(Similarity.normalize(mean), within(1e-6f));
            List<ZeroShotClassifier.Result> results = classifier.classify(mean);
            assertThat(results.get(0).label()).isEqualTo("man");
            assertThat(results.stream().mapToDouble(ZeroShotClassifier.Result::probability).sum()).isCloseTo(1,
                    within(1e-9));
            assertThat(results.get(0).logit()).isCloseTo(model.logitScale(), within(1e-3));
        }
    }

    @Test
    void refusesTemplatesWithoutPlaceholder() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            assertThatThrownBy(() -> ZeroShotClassifier.build(session, List.of("cat"), List.of("a photo")))
                    .hasMessageContaining("template='a photo'");
        }
    }
}
