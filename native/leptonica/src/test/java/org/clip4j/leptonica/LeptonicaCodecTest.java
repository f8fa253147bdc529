package org.clip4j.leptonica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.clip4j.image.Image;
import org.clip4j.image.ImageDecoder;
import org.clip4j.image.ImageFormatException;
import org.clip4j.image.ImageLimits;
import org.clip4j.image.PixelMemory;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.testing.PreprocessGoldens;
import org.clip4j.testing.PreprocessGoldens.Case;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference's pixels, with the codec found on the class path. */
class LeptonicaCodecTest {
    private final ImageDecoder decoder = ImageDecoder.create();

    static Stream<Case> jpegAndWebp() {
        return PreprocessGoldens.cases().values().stream().filter(c -> !c.refused())
                .filter(c -> c.format().equals("JPEG") || c.format().equals("WEBP"));
    }

    @Test
    void isFoundAndPreferred() {
        assertThat(decoder.unusableCodecs()).isEmpty();
        assertThat(decoder.codecNames()).containsExactly("leptonica", "jdk");
    }

    @ParameterizedTest
    @MethodSource("jpegAndWebp")
    void pixelsEqualTheReferenceAtEverySize(Case golden) {
        for (int n : PreprocessGoldens.SIZES) {
            ByteBuffer pixels = ByteBuffer.allocate(3 * n * n);
            try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(n), decoder)) {
                preprocessor.pixels(Image.of(golden.bytes()), pixels, 0);
            }
            CRC32 crc = new CRC32();
            crc.update(pixels);
            assertThat(crc.getValue()).as("%s at %d", golden, n).isEqualTo(golden.pixelsCrc(n));
        }
    }

    @Test
    void refusesWhatIsCutShort() {
        try (PixelMemory memory = decoder.newMemory()) {
            for (String file : new String[]{"jpeg_truncated.jpg", "webp_lossy.webp", "webp_lossless_rgba.webp"}) {
                byte[] whole = PreprocessGoldens.cases().get(file).bytes();
                assertThatThrownBy(() -> decoder.decode(Arrays.copyOf(whole, whole.length / 2), memory)).as(file)
                        .isInstanceOf(ImageFormatException.class).hasMessageNotContaining("\n");
            }
        }
    }

    /** Checksums of Pillow 12.3.0, which shows what libjpeg makes of bits that are wrong. */
    @ParameterizedTest
    @CsvSource({"jpeg_420_landscape.jpg,19371,243,5a45d6ae", "jpeg_420_landscape.jpg,30089,13,a565ba60",
            "jpeg_progressive.jpg,7081,102,887caed3", "jpeg_progressive.jpg,5796,211,d011afae"})
    void showsCorruptDataAsTheReferenceDoes(String file, int at, int value, String crcOfPixels) {
        byte[] flipped = PreprocessGoldens.cases().get(file).bytes();
        flipped[at] = (byte) value;
        ByteBuffer pixels = ByteBuffer.allocate(3 * 224 * 224);
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(224), decoder)) {
            preprocessor.pixels(Image.of(flipped), pixels, 0);
        }
        CRC32 crc = new CRC32();
        crc.update(pixels);
        assertThat(Long.toHexString(crc.getValue())).isEqualTo(crcOfPixels);
    }

    @Test
    void survivesFlippedBytes() {
        long seed = 20260107;
        Random random = new Random(seed);
        ImageDecoder small = ImageDecoder.create(new ImageLimits(4_000_000, 1 << 24));
        try (PixelMemory memory = small.newMemory()) {
            for (String file : new String[]{"jpeg_odd_17x9_420.jpg", "webp_lossy.webp", "webp_lossless_rgba.webp"}) {
                byte[] whole = PreprocessGoldens.cases().get(file).bytes();
                for (int i = 0; i < 100; i++) {
                    byte[] flipped = whole.clone();
                    flipped[random.nextInt(whole.length)] = (byte) random.nextInt();
                    try {
                        small.decode(flipped, memory).close();
                    } catch (ImageFormatException e) {
                        assertThat(e.getMessage()).as("seed=%d", seed).isNotBlank();
                    }
                }
            }
        }
    }
}
