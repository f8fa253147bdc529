package org.clip4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.clip4j.testing.PreprocessGoldens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile, cut short, oversized and unknown files. */
class ImageDecoderTest {
    private static final String[] SMALL = {"jpeg_odd_17x9_420.jpg", "jpeg_progressive.jpg", "jpeg_cmyk.jpg",
            "png_tiny_7x5.png", "png_1bit.png", "png_palette_4bit.png", "gif_animated.gif", "tiff_raw_gray.tif",
            "tiff_lzw_rgb.tif", "bmp_rgb.bmp"};
    private final ImageDecoder decoder = ImageDecoder.of(List.of(), new ImageLimits(4_000_000, 1 << 24));

    @Test
    void survivesTruncationAndFlippedBytes() {
        long seed = 20260107;
        Random random = new Random(seed);
        try (PixelMemory memory = decoder.newMemory()) {
            for (String file : SMALL) {
                byte[] whole = bytes(file);
                for (int i = 0; i < 60; i++) {
                    decodeOrRefuse(Arrays.copyOf(whole, random.nextInt(whole.length)), memory, seed, file);
                    byte[] flipped = whole.clone();
                    int range = random.nextBoolean() ? Math.min(200, whole.length) : whole.length;
                    for (int k = 0; k <= random.nextInt(20); k++) {
                        flipped[random.nextInt(range)] = (byte) random.nextInt();
                    }
                    decodeOrRefuse(flipped, memory, seed, file);
                }
            }
        }
    }

    private void decodeOrRefuse(byte[] bytes, PixelMemory memory, long seed, String file) {
        try {
            decoder.decode(bytes, memory).close();
        } catch (ImageFormatException e) {
            assertThat(e.getMessage()).as("seed=%d file=%s", seed, file).doesNotContain("\n").contains("bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jpeg_progressive.jpg", "png_rgb_square.png", "png_interlaced.png", "gif_animated.gif",
            "tiff_lzw_rgb.tif", "bmp_rgb.bmp"})
    void refusesAFileCutInHalf(String file) {
        byte[] whole = bytes(file);
        byte[] half = file.startsWith("gif") ? Arrays.copyOf(whole, 3000) : Arrays.copyOf(whole, whole.length / 2);
        try (PixelMemory memory = decoder.newMemory()) {
            assertThatThrownBy(() -> decoder.decode(half, memory)).isInstanceOf(ImageFormatException.class)
                    .hasMessageNotContaining("null").hasMessageContaining("image=bytes");
        }
    }

    @Test
    void refusesEmptyUnknownAndMissingFiles(@TempDir Path folder) throws Exception {
        Path empty = Files.createFile(folder.resolve("empty.png"));
        Path missing = folder.resolve("missing.png");
        try (PixelMemory memory = decoder.newMemory()) {
            assertThatThrownBy(() -> decoder.decode(empty, memory)).isInstanceOf(ImageFormatException.class)
                    .hasMessageContaining("image is empty").hasMessageContaining("empty.png");
            assertThatThrownBy(() -> decoder.decode(new byte[]{1, 2, 3}, memory))
                    .isInstanceOf(ImageFormatException.class).hasMessageContaining("actual=010203");
            assertThatThrownBy(() -> decoder.decode(folder, memory)).isInstanceOf(ImageFormatException.class)
                    .hasMessageContaining("directory");
            assertThatThrownBy(() -> decoder.decode(missing, memory)).isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("missing.png");
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "needs /dev/zero")
    void refusesADeviceWithoutOpeningIt() {
        try (PixelMemory memory = decoder.newMemory()) {
            assertThatThrownBy(() -> decoder.decode(Path.of("/dev/zero"), memory))
                    .isInstanceOf(ImageFormatException.class)
                    .hasMessageContaining("not a regular file but a pipe or a device: file=/dev/zero");
        }
    }

    @Test
    void checksThePixelLimitBeforeAnythingIsAllocated() {
        byte[] png = bytes("png_1x1.png");
        ByteBuffer.wrap(png).putInt(16, 100_000).putInt(20, 100_000); // width and height in IHDR
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(png, 12, 17);
        ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
        try (PixelMemory memory = decoder.newMemory()) {
            assertThatThrownBy(() -> decoder.decode(png, memory)).isInstanceOf(ImageFormatException.class)
                    .hasMessageContaining("width=100000 height=100000 maxPixels=4000000")
                    .hasMessageContaining("ImageLimits.maxPixels");
            assertThatThrownBy(() -> decoder.decode(bytes("jpeg_huge_4000x3000.jpg"), memory))
                    .isInstanceOf(ImageFormatException.class).hasMessageContaining("pixel limit");
        }
    }

    /** A few bytes for each pass over the image would keep a decoder busy for as long as a file likes. */
    @Test
    void refusesMoreScansThanAnyoneNeeds() {
        byte[] ordinary = bytes("jpeg_progressive.jpg");
        int own = scans(ordinary);
        assertThat(own).isEqualTo(10);
        try (PixelMemory memory = decoder.newMemory()) {
            decoder.decode(ordinary, memory).close();
            decoder.decode(withScans(ordinary, 500 - own), memory).close();
            byte[] many = withScans(ordinary, 501 - own);
            assertThatThrownBy(() -> decoder.decode(many, memory)).isInstanceOf(ImageFormatException.class)
                    .hasMessageMatching("JPEG image has more scans than the limit: scans=501 maxScans=500 width=\\d+"
                            + " height=\\d+ fileBytes=" + many.length
                            + " image=bytes; save it as an ordinary JPEG file");
        }
    }

    /** libjpeg looks for restart markers behind codes that stand for nothing; what follows is no segment to be skipped. */
    @Test
    void countsScansBehindReservedCodes() {
        byte[] ordinary = bytes("jpeg_progressive.jpg");
        byte[] hidden = withScans(ordinary, 600);
        byte[] longSegment = {(byte) 0xFF, 0x02, 0x7F, 0x7F};
        System.arraycopy(longSegment, 0, hidden, lastScan(ordinary) + 12, longSegment.length);
        try (PixelMemory memory = decoder.newMemory()) {
            assertThatThrownBy(() -> decoder.decode(hidden, memory)).isInstanceOf(ImageFormatException.class)
                    .hasMessageContaining("scans=610");
        }
    }

    /** The last scan so many times more: it refines what was refined, which costs a warning. */
    private static byte[] withScans(byte[] jpeg, int more) {
        int scan = lastScan(jpeg);
        int end = jpeg.length - 2;
        byte[] longer = Arrays.copyOf(jpeg, jpeg.length + more * (end - scan));
        for (int i = 0; i <= more; i++) {
            System.arraycopy(jpeg, scan, longer, scan + i * (end - scan), end - scan);
        }
        System.arraycopy(jpeg, end, longer, longer.length - 2, 2);
        return longer;
    }

    private static int lastScan(byte[] jpeg) {
        int at = jpeg.length - 2;
        while (jpeg[at] != (byte) 0xFF || jpeg[at + 1] != (byte) 0xDA) {
            at--;
        }
        return at;
    }

    private static int scans(byte[] jpeg) {
        int scans = 0;
        for (int at = 0; at + 1 < jpeg.length; at++) {
            scans += jpeg[at] == (byte) 0xFF && jpeg[at + 1] == (byte) 0xDA ? 1 : 0;
        }
        return scans;
    }

    @Test
    void saysWhichCodecIsMissingAndWhy() {
        ImageCodec broken = new BrokenCodec();
        ImageDecoder without = ImageDecoder.of(List.of(broken), ImageLimits.DEFAULT);
        assertThat(without.codecNames()).containsExactly("jdk");
        assertThat(without.unusableCodecs()).singleElement().asString()
                .contains("codec 'broken' cannot be used: no library; install it");
        try (PixelMemory memory = without.newMemory()) {
            assertThatThrownBy(() -> without.decode(bytes("webp_lossy.webp"), memory))
                    .isInstanceOf(ImageFormatException.class).hasMessageContaining("format=WEBP image=bytes")
                    .hasMessageContaining("codec 'broken' cannot be used: no library; install it")
                    .hasMessageNotContaining("add clip4j-native-leptonica");
            assertThatThrownBy(() -> decoder.decode(bytes("webp_lossy.webp"), memory))
                    .isInstanceOf(ImageFormatException.class)
                    .hasMessageContaining("format=WEBP image=bytes; add clip4j-native-leptonica");
        }
    }

    @Test
    void leavesTheCallersBytesAlone() {
        byte[] encoded = bytes("png_tiny_7x5.png");
        byte[] before = encoded.clone();
        try (PixelMemory memory = decoder.newMemory()) {
            decoder.decode(encoded, memory).close();
        }
        assertThat(encoded).isEqualTo(before);
    }

    private static byte[] bytes(String file) {
        return PreprocessGoldens.cases().get(file).bytes();
    }

    private static final class BrokenCodec implements ImageCodec {
        @Override
        public String name() {
            return "broken";
        }

        @Override
        public Optional<Unusable> probe() {
            return Optional.of(new Unusable("no library", "install it", null));
        }

        @Override
        public boolean decodes(ImageHeader header) {
            throw new AssertionError("an unusable codec was asked");
        }

        @Override
        public PixelImage decode(ByteBuffer encoded, ImageHeader header, PixelWindow window, PixelMemory memory) {
            throw new AssertionError("an unusable codec was asked");
        }
    }
}
