package org.clip4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.clip4j.testing.PreprocessGoldens;
import org.clip4j.testing.PreprocessGoldens.Case;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference's pixels and tensors, with what the JDK decodes; WebP is the matter of native/leptonica. */
class PreprocessorGoldensTest {
    private final ImageDecoder decoder = ImageDecoder.of(List.of(), ImageLimits.DEFAULT);

    static Stream<Case> readable() {
        return PreprocessGoldens.cases().values().stream().filter(c -> !c.refused() && !c.format().equals("WEBP"));
    }

    static Stream<Case> refused() {
        return PreprocessGoldens.cases().values().stream().filter(Case::refused);
    }

    @ParameterizedTest
    @MethodSource("readable")
    void pixelsAndTensorsEqualTheReferenceAtEverySize(Case golden) {
        Image image = Image.of(golden.bytes());
        for (int n : PreprocessGoldens.SIZES) {
            try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(n), decoder)) {
                ByteBuffer pixels = ByteBuffer.allocate(3 * n * n);
                preprocessor.pixels(image, pixels, 0);
                assertThat(crc(pixels)).as("pixels of %s at %d", golden, n).isEqualTo(golden.pixelsCrc(n));
                ByteBuffer tensor = ByteBuffer.allocateDirect(12 * n * n).order(ByteOrder.LITTLE_ENDIAN);
                preprocessor.tensor(image, tensor.asFloatBuffer(), 0);
                assertThat(crc(tensor)).as("tensor of %s at %d", golden, n).isEqualTo(golden.tensorCrc(n));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("readable")
    void decodedSamplesEqualTheReference(Case golden) {
        try (PixelMemory memory = decoder.newMemory(); PixelImage image = decoder.decode(golden.bytes(), memory)) {
            String mode = image.mode() == PixelMode.ONE ? "1" : image.mode().name();
            assertThat(mode).isEqualTo(golden.mode());
            assertThat(decodedCrc(image)).isEqualTo(golden.decodedCrc());
        }
    }

    @ParameterizedTest
    @MethodSource("refused")
    void refusesWhatTheReferenceRefuses(Case golden) {
        try (PixelMemory memory = decoder.newMemory()) {
            assertThatThrownBy(() -> decoder.decode(golden.bytes(), memory)).isInstanceOf(ImageFormatException.class)
                    .hasMessageNotContaining("\n").hasMessageContaining("image=bytes");
        }
    }

    private static long decodedCrc(PixelImage image) {
        CRC32 crc = new CRC32();
        boolean wide = image.mode() == PixelMode.I;
        int bands = image.mode().bands();
        ByteBuffer row = ByteBuffer.allocate(image.width() * bands * (wide ? 4 : 1)).order(ByteOrder.LITTLE_ENDIAN);
        for (int y = 0; y < image.height(); y++) {
            row.clear();
            for (int i = 0; i < image.width() * bands; i++) {
                int sample = image.sample(i / bands, y, i % bands) * (image.mode() == PixelMode.ONE ? 255 : 1);
                if (wide) {
                    row.putInt(sample);
                } else {
                    row.put((byte) sample);
                }
            }
            crc.update(row.flip());
        }
        return crc.getValue();
    }

    private static long crc(ByteBuffer bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes.duplicate());
        return crc.getValue();
    }
}
