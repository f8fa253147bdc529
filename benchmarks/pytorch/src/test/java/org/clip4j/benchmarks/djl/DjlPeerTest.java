package org.clip4j.benchmarks.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Optional;
import org.clip4j.benchmarks.Clip4jEncoder;
import org.clip4j.benchmarks.Encoder;
import org.clip4j.benchmarks.EncoderInput;
import org.clip4j.benchmarks.Peer;
import org.clip4j.clip.LoadOptions;
import org.clip4j.converter.ConvertOptions;
import org.clip4j.converter.Converter;
import org.clip4j.converter.ProgressListener;
import org.clip4j.kernels.DType;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** DJL loads the script and says what the reference, and our own runtime, say. */
class DjlPeerTest {
    private static final Goldens GOLDENS = Goldens.tiny();
    private static final int RESOLUTION = 32;

    private final Peer peer = Peer.named("djl").orElseThrow();

    @TempDir
    Path folder;

    /** Both activations, heads of the usual and another width; an odd batch, one thread and two. */
    @ParameterizedTest
    @CsvSource({"state_dict_vit_f32.pt, vit, 1", "hf_vit_gelu_sharded, vit_gelu, 2",
            "openclip_vit_heads, vit_heads, 2"})
    void imagesMatchTheReferenceAndOurs(String checkpoint, String golden, int threads) throws Exception {
        Path model = convert(checkpoint);
        EncoderInput input = images(golden);
        try (Encoder theirs = peer.open(model, input, "f32", threads);
                Encoder ours = Clip4jEncoder.open(model, input, LoadOptions.defaults())) {
            input.check(theirs);
            input.check(ours);
        }
    }

    @Test
    void roundsWeightsAndActivationsInBf16() throws Exception {
        EncoderInput input = images("vit");
        try (Encoder encoder = peer.open(convert("state_dict_vit_f32.pt"), input, "bf16", 1)) {
            // Values are off by up to 2^-9, the cosine by its square, some 1e-6: it must show, or nothing was rounded.
            assertThat(input.check(encoder, 0.999)).isLessThan(1 - 1e-7);
        }
    }

    @Test
    void refusesWhatItIsNotMeasuredWith() throws Exception {
        Path model = convert("state_dict_vit_f32.pt");
        EncoderInput texts = EncoderInput.texts(GOLDENS.ints("vit/tokens"), GOLDENS.shape("vit/tokens")[1], 1,
                GOLDENS.doubles("vit/text.f64"));
        assertThatThrownBy(() -> peer.open(model, texts, "f32", 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("images");
        assertThatThrownBy(() -> peer.open(model, images("vit"), "int8", 1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("int8");
        Path resNet = convert("state_dict_rn_fp16.pt");
        assertThatThrownBy(() -> peer.open(resNet, images("vit"), "f32", 1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("vision transformers");
    }

    @Test
    void saysWhatIsMeasured() {
        assertThat(peer.description()).matches("DJL \\d+\\.\\d+\\.\\d+ with PyTorch \\d+\\.\\d+\\.\\d+");
    }

    private static EncoderInput images(String golden) {
        int distinct = GOLDENS.shape(golden + "/image.f64")[0];
        return EncoderInput.images("lab-tiny-shared-input", golden, RESOLUTION, distinct + 1, distinct,
                GOLDENS.doubles(golden + "/image.f64"));
    }

    private Path convert(String checkpoint) throws Exception {
        Path out = folder.resolve(checkpoint + ".safetensors");
        Converter.convert(Goldens.copy("tiny/" + checkpoint, folder), out,
                new ConvertOptions(Optional.empty(), Optional.of(DType.F32), Optional.empty()), ProgressListener.NONE);
        return out;
    }
}
