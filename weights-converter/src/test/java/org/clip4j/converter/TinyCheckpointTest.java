package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.Tensor;
import org.clip4j.testing.Goldens;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.TensorSpec;
import org.clip4j.weights.TensorTable;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every checkpoint of the tiny goldens becomes exactly the weights that it was made from, or is refused. */
class TinyCheckpointTest {
    private static final Map<String, Object> CASES = Goldens.json("tiny/cases.json");
    private static final int FULL_VOCAB = 49408;

    @TempDir
    Path folder;

    static Stream<String> files() {
        return ((Map<?, ?>) CASES.get("files")).keySet().stream().map(String.class::cast);
    }

    private static String golden(String file) {
        return (String) ((Map<?, ?>) ((Map<?, ?>) CASES.get("files")).get(file)).get("golden");
    }

    private Path vocab() {
        return Goldens.copy("tiny/bpe_reduced_1000.txt.gz", folder);
    }

    private ConvertOptions options(String file) {
        boolean given = !file.startsWith("hf_") && !file.contains("fullvocab");
        return new ConvertOptions(given ? Optional.of(vocab()) : Optional.empty(), Optional.empty(), Optional.empty());
    }

    @ParameterizedTest
    @MethodSource("files")
    void convertsToTheWeightsItWasMadeFromOrIsRefused(String file) throws Exception {
        Path source = Goldens.copy("tiny/" + file, folder);
        Path out = folder.resolve("out.safetensors");
        String golden = golden(file);
        if (golden == null) {
            assertThatThrownBy(() -> Converter.convert(source, out, options(file), ProgressListener.NONE))
                    .isInstanceOf(CheckpointException.class).hasMessageContaining("not tensor data")
                    .hasMessageContaining(file).hasMessageMatching("[^\\n]+");
            assertThat(folder).isDirectoryNotContaining(path -> path.toString().contains("out.safetensors"));
            return;
        }
        ConversionSummary summary = Converter.convert(source, out, options(file), ProgressListener.NONE);
        boolean saysActivation = file.startsWith("openai_jit") || Files.isDirectory(source);
        assertThat(summary.warnings()).filteredOn(line -> line.contains("QuickGELU"))
                .hasSize(saysActivation ? 0 : 1);
        try (ModelFile model = ModelFile.open(out)) {
            assertThat(model.config()).isEqualTo(summary.config());
            assertThat(model.source().file()).isEqualTo(file);
            assertThat(model.source().sha256()).hasValueSatisfying(hash -> assertThat(hash).hasSize(64));
            model.checkFinite();
            checkWeights(model, golden);
            checkConfig(model, file, golden);
        }
    }

    private static void checkWeights(ModelFile model, String golden) {
        String[] parts = golden.split("@", -1);
        String seed = "lab-tiny-shared/" + parts[0];
        String rounding = parts.length == 1 ? "" : parts[1];
        for (TensorSpec spec : TensorTable.of(model.config())) {
            Tensor tensor = model.tensor(spec.name());
            WeightGenerator generator = WeightGenerator.of(seed, spec.name(), spec.shape());
            DType dtype = tensor.dtype();
            switch (rounding) {
                case "" -> assertThat(dtype).isEqualTo(DType.F32);
                case "fp16all" -> assertThat(dtype).isEqualTo(DType.F16);
                case "bf16all" -> assertThat(dtype).isEqualTo(DType.BF16);
                default -> assertThat(dtype).isIn(DType.F16, DType.F32);
            }
            for (int i = 0; i < tensor.elements(); i++) {
                float expected = rounded(generator.value(i), dtype);
                if ((float) tensor.get(i) != expected) {
                    assertThat(tensor.get(i)).as("%s index %d of %s", spec.name(), i, tensor).isEqualTo(expected);
                }
            }
        }
    }

    private static float rounded(float value, DType dtype) {
        return switch (dtype) {
            case F16 -> HalfPrecision.f16ToF32(HalfPrecision.f32ToF16(value));
            case BF16 -> HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16(value));
            default -> value;
        };
    }

    private static void checkConfig(ModelFile model, String file, String golden) {
        Activation activation = golden.contains("gelu") ? Activation.GELU : Activation.QUICK_GELU;
        TextConfig text = model.config().text();
        assertThat(text.activation()).isEqualTo(activation);
        assertThat(text.heads()).isEqualTo(golden.startsWith("vit_heads") ? 4 : 1);
        // hf_vit_f32 has the legacy ids 0/2/1.
        boolean explicitEnd = file.startsWith("hf_") && !file.equals("hf_vit_f32");
        assertThat(text.eotToken()).isEqualTo(explicitEnd ? 999 : TextConfig.LARGEST_ID);
        if (model.config().vision() instanceof VisionConfig.Transformer vision) {
            assertThat(vision.activation()).isEqualTo(activation);
            assertThat(vision.heads()).isEqualTo(golden.startsWith("vit_heads") ? 2 : 1);
        } else {
            assertThat(golden).startsWith("rn");
        }
        if (text.vocabSize() == FULL_VOCAB) {
            assertThat(model.bpeMerges()).isEmpty();
        } else {
            String merges = StandardCharsets.UTF_8.decode(model.bpeMerges().orElseThrow()).toString();
            assertThat(merges).startsWith("i n\nt h\na n\n");
            assertThat(merges.lines()).hasSize(486);
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void convertsToTheTypeAskedFor(String file) throws Exception {
        if (golden(file) == null) {
            return;
        }
        Path source = Goldens.copy("tiny/" + file, folder);
        for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
            Path out = folder.resolve(dtype + ".safetensors");
            Converter.convert(source, out, new ConvertOptions(Optional.empty(), Optional.of(dtype), Optional.empty()),
                    ProgressListener.NONE);
            try (ModelFile model = ModelFile.open(out)) {
                assertThat(model.precision()).isEqualTo(dtype.name().toLowerCase(Locale.ROOT));
                String[] parts = golden(file).split("@", -1);
                if (parts.length == 1) {
                    checkWeightsOfType(model, parts[0], dtype);
                }
            }
        }
    }

    private static void checkWeightsOfType(ModelFile model, String name, DType dtype) {
        for (TensorSpec spec : TensorTable.of(model.config())) {
            WeightGenerator generator = WeightGenerator.of("lab-tiny-shared/" + name, spec.name(), spec.shape());
            Tensor tensor = model.tensor(spec.name());
            for (int i = 0; i < tensor.elements(); i += 7) {
                assertThat((float) tensor.get(i)).isEqualTo(rounded(generator.value(i), dtype));
            }
        }
    }

    @Test
    void theGivenActivationWins() throws Exception {
        Path source = Goldens.copy("tiny/state_dict_vit_f32.pt", folder);
        Path out = folder.resolve("out.safetensors");
        ConversionSummary summary = Converter.convert(source, out,
                new ConvertOptions(Optional.empty(), Optional.empty(), Optional.of(Activation.GELU)),
                ProgressListener.NONE);
        assertThat(summary.config().text().activation()).isEqualTo(Activation.GELU);
        assertThat(summary.warnings()).singleElement().asString().contains("--vocab");
    }
}
