package org.clip4j.benchmarks.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.clip4j.benchmarks.AnswerCheck;
import org.clip4j.benchmarks.Clip4jEncoder;
import org.clip4j.benchmarks.Encoder;
import org.clip4j.benchmarks.EncoderInput;
import org.clip4j.benchmarks.onnx.OnnxGraphWriter.LinearForm;
import org.clip4j.benchmarks.onnx.OnnxTransformer.AttentionForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.converter.ConvertOptions;
import org.clip4j.converter.Converter;
import org.clip4j.converter.ProgressListener;
import org.clip4j.kernels.DType;
import org.clip4j.testing.Goldens;
import org.clip4j.weights.ModelFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** ONNX Runtime loads the graph and says what the reference, and our own runtime, say. */
class OnnxGraphWriterTest {
    private static final Goldens GOLDENS = Goldens.tiny();
    private static final int RESOLUTION = 32;

    @TempDir
    Path folder;

    /** Checkpoint, golden id: both activations, heads of the usual and another width, an explicit end token. */
    static Stream<Arguments> models() {
        List<Arguments> cases = new ArrayList<>();
        for (AttentionForm form : AttentionForm.values()) {
            cases.add(Arguments.of("state_dict_vit_f32.pt", "vit", form));
            cases.add(Arguments.of("hf_vit_gelu_sharded", "vit_gelu", form));
            cases.add(Arguments.of("openclip_vit_heads", "vit_heads", form));
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("models")
    void imagesMatchTheReferenceAndOurs(String checkpoint, String golden, AttentionForm form) throws Exception {
        double[] expected = GOLDENS.doubles(golden + "/image.f64");
        int distinct = GOLDENS.shape(golden + "/image.f64")[0];
        EncoderInput input = EncoderInput.images("lab-tiny-shared-input", golden, RESOLUTION, distinct + 1, distinct,
                expected);
        Path model = convert(checkpoint);
        try (ModelFile file = ModelFile.open(model)) {
            Path graph = OnnxGraphWriter.writeImageTower(file, form, LinearForm.F32);
            checkAll(List.of(() -> OnnxRuntimeEncoder.ofGraph(graph, input, 2),
                    () -> Clip4jEncoder.open(model, input, LoadOptions.defaults())), input);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void textsMatchTheReferenceAndOurs(String checkpoint, String golden, AttentionForm form) throws Exception {
        int[] ids = GOLDENS.ints(golden + "/tokens");
        int length = GOLDENS.shape(golden + "/tokens")[1];
        int texts = GOLDENS.shape(golden + "/tokens")[0];
        EncoderInput input = EncoderInput.texts(ids, length, texts, GOLDENS.doubles(golden + "/text.f64"));
        Path model = convert(checkpoint);
        try (ModelFile file = ModelFile.open(model)) {
            Path graph = OnnxGraphWriter.writeTextTower(file, form, LinearForm.F32);
            checkAll(List.of(() -> OnnxRuntimeEncoder.ofGraph(graph, input, 1),
                    () -> Clip4jEncoder.open(model, input, LoadOptions.defaults())), input);
        }
    }

    @Test
    void linearLayersMayBeOfEightBits() throws Exception {
        int[] ids = GOLDENS.ints("vit/tokens");
        int length = GOLDENS.shape("vit/tokens")[1];
        EncoderInput input = EncoderInput.texts(ids, length, GOLDENS.shape("vit/tokens")[0],
                GOLDENS.doubles("vit/text.f64"));
        try (ModelFile file = ModelFile.open(convert("state_dict_vit_f32.pt"))) {
            Path graph = OnnxGraphWriter.writeTextTower(file, LinearForm.INT8);
            try (Encoder encoder = OnnxRuntimeEncoder.ofGraph(graph, input, 1)) {
                assertThat(input.check(encoder, 0.99)).isLessThan(1 - 1e-9);
            }
        }
    }

    @Test
    void textsMayBeShorterThanTheContext() throws Exception {
        int[] ids = GOLDENS.ints("vit/tokens");
        int contextLength = GOLDENS.shape("vit/tokens")[1];
        double[] expected = GOLDENS.doubles("vit/text.f64");
        int embedDim = GOLDENS.shape("vit/text.f64")[1];
        int length = 1;
        while (length < contextLength && ids[length - 1] != 999) { // 999: end token of the tiny vocabulary
            length++;
        }
        assertThat(length).isLessThan(contextLength);
        int[] cut = Arrays.copyOf(ids, length);
        EncoderInput input = EncoderInput.texts(cut, length, 3, Arrays.copyOf(expected, embedDim));
        try (ModelFile file = ModelFile.open(convert("state_dict_vit_f32.pt"))) {
            for (AttentionForm form : AttentionForm.values()) {
                Path graph = OnnxGraphWriter.writeTextTower(file, form, LinearForm.F32);
                checkAll(List.of(() -> OnnxRuntimeEncoder.ofGraph(graph, input, 1)), input);
            }
        }
    }

    @Test
    void refusesWrongAnswers() {
        BiFunction<double[], Double, Runnable> check = (expected, limit) -> () -> AnswerCheck.requireClose("test",
                expected, FloatBuffer.wrap(new float[]{1, 2, 3, 4}), 2, limit);
        check.apply(new double[]{1, 2, 3, 4.0001}, 1e-4).run();
        assertThatThrownBy(() -> check.apply(new double[]{1, 2, 3, 4.0001}, 1e-5).run())
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("row=1");
        assertThatThrownBy(() -> check.apply(new double[]{1, Double.NaN, 3, 4}, 1e-5).run())
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("row=0");
    }

    @Test
    void refusesResNetsAndOtherTypes() throws Exception {
        try (ModelFile resNet = ModelFile.open(convert("state_dict_rn_fp16.pt"))) {
            assertThatThrownBy(() -> OnnxGraphWriter.writeImageTower(resNet, LinearForm.F32))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("vision transformers");
        }
        try (ModelFile half = ModelFile.open(convert("state_dict_vit_bf16.bin", Optional.of(DType.BF16)))) {
            assertThatThrownBy(() -> OnnxGraphWriter.writeTextTower(half, LinearForm.F32))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("--dtype f32");
        }
    }

    private interface Opener {
        Encoder open();
    }

    private static void checkAll(List<Opener> openers, EncoderInput input) {
        for (Opener opener : openers) {
            try (Encoder encoder = opener.open()) {
                input.check(encoder);
            }
        }
    }

    private Path convert(String checkpoint) throws Exception {
        return convert(checkpoint, Optional.of(DType.F32));
    }

    private Path convert(String checkpoint, Optional<DType> dtype) throws Exception {
        Path out = folder.resolve(checkpoint + ".safetensors");
        Converter.convert(Goldens.copy("tiny/" + checkpoint, folder), out,
                new ConvertOptions(Optional.empty(), dtype, Optional.empty()), ProgressListener.NONE);
        return out;
    }
}
