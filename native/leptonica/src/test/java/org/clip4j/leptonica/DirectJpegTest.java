package org.clip4j.leptonica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.clip4j.image.Image;
import org.clip4j.image.ImageDecoder;
import org.clip4j.image.ImageFormat;
import org.clip4j.image.ImageFormatException;
import org.clip4j.image.ImageHeader;
import org.clip4j.image.PixelImage;
import org.clip4j.image.PixelMemory;
import org.clip4j.image.PixelMode;
import org.clip4j.image.PixelWindow;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.testing.PreprocessGoldens;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every pixel of a window is what Leptonica's reader gives for it when it decodes all of the image. */
class DirectJpegTest {
    private static final long SEED = 20260109;
    private static final int WINDOWS = 40;

    private final ImageDecoder decoder = ImageDecoder.create(); // loads Leptonica
    private final Random random = new Random(SEED);

    @BeforeEach
    void requireLibrary() {
        boolean built = JpegLibrary.isBuilt();
        if (!built) {
            System.out.println("skipped: the library was not built, as there is no C++ compiler");
        }
        assumeTrue(built, "the library was not built, as there is no C++ compiler");
        assertThat(new LeptonicaCodec().probe()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"jpeg_420_landscape.jpg", "jpeg_422_landscape.jpg", "jpeg_444_landscape.jpg",
            "jpeg_gray.jpg", "jpeg_odd_17x9_420.jpg", "jpeg_portrait.jpg", "jpeg_progressive.jpg"})
    void windowsEqualTheWholeImage(String file) {
        compareWindows(file, PreprocessGoldens.cases().get(file).bytes());
    }

    /** The samples come out in disorder, yet the same ones either way. */
    @ParameterizedTest
    @ValueSource(ints = {0x11, 0x12, 0x14, 0x21, 0x22, 0x24, 0x41, 0x42})
    void windowsEqualTheWholeImageInEveryChromaSampling(int sampling) {
        for (String file : new String[]{"jpeg_444_landscape.jpg", "jpeg_420_landscape.jpg", "jpeg_progressive.jpg"}) {
            byte[] jpeg = PreprocessGoldens.cases().get(file).bytes();
            jpeg[frame(jpeg) + 11] = (byte) sampling; // marker, length, precision, height, width, count, id
            compareWindows(file + " sampling=" + Integer.toHexString(sampling), jpeg);
        }
    }

    /** Without their last scans, progressive images are smoothed over the edges of blocks. */
    @Test
    void windowsEqualTheWholeImageWhenScansAreMissing() {
        byte[] jpeg = PreprocessGoldens.cases().get("jpeg_progressive.jpg").bytes();
        int scans = 0;
        for (int at = 2; at < jpeg.length - 1; at++) {
            if (jpeg[at] == (byte) 0xFF && jpeg[at + 1] == (byte) 0xDA && ++scans > 1) {
                byte[] cut = Arrays.copyOf(jpeg, at + 2);
                cut[at + 1] = (byte) 0xD9;
                compareWindows("scans=" + (scans - 1), cut);
            }
        }
        assertThat(scans).isGreaterThan(3);
    }

    /** What is corrupt is refused or shown, and the same either way. */
    @Test
    void windowsEqualTheWholeImageWhenBytesAreFlipped() {
        int shown = 0;
        for (String file : new String[]{"jpeg_420_landscape.jpg", "jpeg_progressive.jpg", "jpeg_gray.jpg"}) {
            byte[] whole = PreprocessGoldens.cases().get(file).bytes();
            for (int i = 0; i < 60; i++) {
                byte[] flipped = whole.clone();
                int scan = whole.length / 4;
                flipped[scan + random.nextInt(whole.length - scan)] = (byte) random.nextInt();
                shown += compareWindows(file + " flip " + i, flipped, 2);
            }
        }
        assertThat(shown).as("seed=%d", SEED).isGreaterThan(60);
    }

    @Test
    void refusesAHeaderThatIsNotTheFiles() {
        byte[] jpeg = PreprocessGoldens.cases().get("jpeg_gray.jpg").bytes();
        ByteBuffer encoded = direct(jpeg);
        ImageHeader header = header(jpeg);
        ImageHeader taller = new ImageHeader(ImageFormat.JPEG, header.width(), header.height() + 1, header.mode(), true,
                "bytes");
        ImageHeader coloured = new ImageHeader(ImageFormat.JPEG, header.width(), header.height(), PixelMode.RGB, true,
                "bytes");
        try (PixelMemory memory = decoder.newMemory()) {
            for (ImageHeader wrong : new ImageHeader[]{taller, coloured}) {
                assertThatThrownBy(() -> DirectJpeg.decode(encoded, wrong, new PixelWindow(0, 0, 1, 1), memory))
                        .isInstanceOf(ImageFormatException.class).hasMessageContaining("its header is ambiguous");
            }
        }
    }

    @Test
    void theHeapSeesNoImage() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Image image = Image.of(PreprocessGoldens.cases().get("jpeg_huge_4000x3000.jpg").bytes());
        ByteBuffer pixels = ByteBuffer.allocateDirect(3 * 32 * 32);
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(32), decoder)) {
            preprocessor.pixels(image, pixels, 0);
            long before = threads.getCurrentThreadAllocatedBytes();
            preprocessor.pixels(image, pixels, 0);
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000); // its pixels: 36 MB
        }
    }

    private void compareWindows(String what, byte[] jpeg) {
        assertThat(compareWindows(what, jpeg, WINDOWS)).as(what).isOne();
    }

    /** Returns 1 when there was an image to compare, 0 when both refused it. */
    private int compareWindows(String what, byte[] jpeg, int windows) {
        ImageHeader header = header(jpeg);
        PixelImage whole;
        try {
            whole = LeptonicaCodec.readByLeptonica(direct(jpeg), header);
        } catch (ImageFormatException e) {
            try (PixelMemory memory = decoder.newMemory()) {
                assertThatThrownBy(() -> DirectJpeg.decode(direct(jpeg), header, window(header), memory)).as(what)
                        .isInstanceOf(ImageFormatException.class);
            }
            return 0;
        }
        try (whole; PixelMemory memory = decoder.newMemory()) {
            for (int i = 0; i < windows; i++) {
                PixelWindow window = i == 0 ? new PixelWindow(0, 0, header.width(), header.height()) : window(header);
                try (PixelImage image = DirectJpeg.decode(direct(jpeg), header, window, memory)) {
                    assertThat(differences(image, whole)).as("%s %s of %s seed=%d", what, window, whole, SEED).isZero();
                }
            }
        }
        return 1;
    }

    private static int differences(PixelImage image, PixelImage whole) {
        PixelWindow window = image.window();
        int different = 0;
        for (int y = window.top(); y < window.top() + window.height(); y++) {
            for (int x = window.left(); x < window.left() + window.width(); x++) {
                for (int band = 0; band < image.mode().bands(); band++) {
                    different += image.sample(x, y, band) == whole.sample(x, y, band) ? 0 : 1;
                }
            }
        }
        return different;
    }

    private PixelWindow window(ImageHeader header) {
        int left = random.nextInt(header.width());
        int top = random.nextInt(header.height());
        return new PixelWindow(left, top, 1 + random.nextInt(header.width() - left),
                1 + random.nextInt(header.height() - top));
    }

    /** What the runtime reads of a file. */
    private ImageHeader header(byte[] jpeg) {
        int at = frame(jpeg);
        int height = (jpeg[at + 5] & 0xFF) << 8 | (jpeg[at + 6] & 0xFF);
        int width = (jpeg[at + 7] & 0xFF) << 8 | (jpeg[at + 8] & 0xFF);
        PixelMode mode = jpeg[at + 9] == 1 ? PixelMode.L : PixelMode.RGB;
        return new ImageHeader(ImageFormat.JPEG, width, height, mode, true, "bytes");
    }

    /** Where the frame's marker is: baseline or progressive. */
    private static int frame(byte[] jpeg) {
        for (int at = 2; at < jpeg.length; at += 2 + ((jpeg[at + 2] & 0xFF) << 8 | (jpeg[at + 3] & 0xFF))) {
            if (jpeg[at + 1] == (byte) 0xC0 || jpeg[at + 1] == (byte) 0xC2) {
                return at;
            }
        }
        throw new AssertionError("no frame");
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }
}
