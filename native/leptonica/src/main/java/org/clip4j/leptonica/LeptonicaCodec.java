package org.clip4j.leptonica;

import static org.bytedeco.leptonica.global.leptonica.pixDestroy;
import static org.bytedeco.leptonica.global.leptonica.pixEndianByteSwap;
import static org.bytedeco.leptonica.global.leptonica.pixReadMemJpeg;
import static org.bytedeco.leptonica.global.leptonica.pixReadMemWebP;
import static org.bytedeco.leptonica.global.leptonica.setMsgSeverity;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.leptonica.PIX;
import org.bytedeco.leptonica.global.leptonica;
import org.clip4j.image.ImageCodec;
import org.clip4j.image.ImageFormat;
import org.clip4j.image.ImageFormatException;
import org.clip4j.image.ImageHeader;
import org.clip4j.image.PixelImage;
import org.clip4j.image.PixelMemory;
import org.clip4j.image.PixelMode;
import org.clip4j.image.PixelWindow;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.javacpp.NativeLibraryException;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.MemoryAllocator;

/**
 * Gray and RGB JPEG files by libjpeg-turbo, WebP files by libwebp. What Leptonica decodes stays where it put it, outside
 * the heap and outside the JVM's direct-memory limit, until the image is closed.
 */
public final class LeptonicaCodec implements ImageCodec {
    private static final int SEVERITY_NONE = 6; // leptonica environ.h, L_SEVERITY_NONE
    // leptonica imageio.h, L_JPEG_CONTINUE_WITH_BAD_DATA: as libjpeg shows it, which is what the reference does
    private static final int SHOW_CORRUPT_DATA = 2;
    private final NativeMemory memory = new NativeMemory();
    /** Whether JPEG files need not go through Leptonica's own reader. */
    private volatile boolean directJpeg;

    @Override
    public String name() {
        return "leptonica";
    }

    @Override
    public String description() {
        return directJpeg
                ? "libjpeg-turbo and libwebp"
                : "libjpeg-turbo through Leptonica (slower; the direct way is built where there is a C++ compiler) and libwebp";
    }

    @Override
    public Optional<Unusable> probe() {
        try {
            NativeLibraries.load(leptonica.class);
            // A build without a C++ compiler has none; one that is there and cannot be loaded is an error with its cause.
            if (JpegLibrary.isBuilt()) {
                NativeLibraries.load(JpegLibrary.class);
                directJpeg = true;
            }
            setMsgSeverity(SEVERITY_NONE); // what goes wrong is said by exceptions, not on stderr
            return Optional.empty();
        } catch (NativeLibraryException e) {
            return Optional.of(new Unusable(String.valueOf(e.getMessage()),
                    "without it WebP and some JPEG files cannot be decoded, and JPEG is slower", e));
        }
    }

    @Override
    public MemoryAllocator allocator() {
        return memory;
    }

    @Override
    public boolean decodes(ImageHeader header) {
        // Leptonica would turn CMYK into RGB on its own, before the resize.
        return header.format() == ImageFormat.WEBP
                || (header.format() == ImageFormat.JPEG && header.mode() != PixelMode.CMYK);
    }

    @Override
    public PixelImage decode(ByteBuffer encoded, ImageHeader header, PixelWindow window, PixelMemory scratch) {
        if (header.format() == ImageFormat.JPEG) {
            return directJpeg
                    ? DirectJpeg.decode(encoded, header, window, scratch)
                    : readByLeptonica(encoded, header);
        }
        WebpFrame frame = new WebpFrame(encoded, header.name());
        PIX pix = readWebp(frame.still(), header);
        return frame.isAnimated() ? frame.onCanvas(asFrame(pix, header), header, scratch) : asImage(pix, header);
    }

    /** The whole of a JPEG image by Leptonica's reader. */
    static PixelImage readByLeptonica(ByteBuffer encoded, ImageHeader header) {
        return asImage(readJpeg(encoded, header), header);
    }

    private static PIX readJpeg(ByteBuffer encoded, ImageHeader header) {
        // colour map: none; reduction: 1
        try (BytePointer bytes = new BytePointer(encoded); IntPointer warnings = new IntPointer(1)) {
            return check(pixReadMemJpeg(bytes, encoded.limit(), 0, 1, warnings, SHOW_CORRUPT_DATA), "pixReadMemJpeg",
                    encoded, header);
        }
    }

    private static PIX readWebp(ByteBuffer encoded, ImageHeader header) {
        try (BytePointer bytes = new BytePointer(encoded)) {
            return check(pixReadMemWebP(bytes, encoded.limit()), "pixReadMemWebP", encoded, header);
        }
    }

    private static PIX check(PIX pix, String function, ByteBuffer encoded, ImageHeader header) {
        if (pix == null || pix.isNull()) {
            throw new ImageFormatException(header.format() + " image is corrupt or cut short: " + function
                    + " gave no image, fileBytes=" + encoded.limit() + " image=" + header.name());
        }
        return pix;
    }

    private static PixelImage asImage(PIX pix, ImageHeader header) {
        PixelImage image = asFrame(pix, header);
        if (image.width() != header.width() || image.height() != header.height()
                || (header.mode() != null && image.mode() != header.mode())) {
            image.close();
            throw new ImageFormatException(header.format() + " image is not what its header says: expected="
                    + header.mode() + " " + header.width() + "x" + header.height() + " actual=" + image + " image="
                    + header.name());
        }
        return image;
    }

    /** A view of Leptonica's pixels: 32-bit words with red in the highest byte, or bytes for gray. */
    private static PixelImage asFrame(PIX pix, ImageHeader header) {
        boolean gray = pix.d() == 8;
        PixelMode mode = gray ? PixelMode.L : pix.spp() == 4 ? PixelMode.RGBA : PixelMode.RGB;
        if (!gray && pix.d() != 32) {
            String depth = "depth=" + pix.d() + " expected=8 or 32 image=" + header.name();
            pixDestroy(pix);
            throw new ImageFormatException(header.format() + " image is of an unsupported kind: " + depth);
        }
        if (gray) {
            pixEndianByteSwap(pix); // rows of bytes in big-endian words become rows of bytes; no-op on big-endian
        }
        int rowBytes = 4 * pix.wpl();
        ByteBuffer samples = new BytePointer(pix.data()).capacity((long) rowBytes * pix.h()).asByteBuffer();
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        int[] words = little ? new int[]{3, 2, 1, 0} : new int[]{0, 1, 2, 3};
        int[] bands = gray ? new int[]{0} : java.util.Arrays.copyOf(words, mode.bands());
        PixelImage.Layout layout = new PixelImage.Layout(new PixelWindow(0, 0, pix.w(), pix.h()), 0, rowBytes,
                gray ? 1 : 4, bands);
        return new PixelImage(mode, pix.w(), pix.h(), samples, layout, null, () -> pixDestroy(pix));
    }
}
