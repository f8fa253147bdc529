package org.clip4j.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Turns a JPEG, PNG, GIF (first frame), WebP (first frame), BMP or TIFF (first image) file into pixels in the image's
 * own mode, equal to those of the reference's imaging library. The container is recognised by its first bytes. Size is
 * checked against the limits before pixels are allocated. EXIF orientation, ICC profiles and gamma have no effect.
 *
 * <p>Immutable and shared by any number of threads; each thread brings its own {@link PixelMemory}.
 */
public final class ImageDecoder {
    /** Codecs are looked for once: that reads all jars of the class path. What cannot be used then is not asked again. */
    private static ImageDecoder common;

    private final List<ImageCodec> codecs;
    private final List<String> unusable;
    private final ImageLimits limits;

    private ImageDecoder(Iterable<ImageCodec> found, ImageLimits limits) {
        this.limits = Objects.requireNonNull(limits, "limits");
        this.codecs = new ArrayList<>();
        this.unusable = new ArrayList<>();
        for (ImageCodec codec : found) {
            Optional<ImageCodec.Unusable> problem = codec.probe();
            if (problem.isEmpty()) {
                codecs.add(codec);
            } else {
                unusable.add("codec '" + codec.name() + "' cannot be used: " + problem.get().reason() + "; "
                        + problem.get().remedy());
            }
        }
        codecs.add(new JdkCodec());
    }

    /** A decoder with every codec on the class path and the default limits; the same one in each call. */
    public static synchronized ImageDecoder create() {
        if (common == null) {
            common = create(ImageLimits.DEFAULT);
        }
        return common;
    }

    /** A decoder with every codec on the class path. */
    public static ImageDecoder create(ImageLimits limits) {
        return new ImageDecoder(ServiceLoader.load(ImageCodec.class), limits);
    }

    /** A decoder with these codecs, most preferred first, and the JDK's behind them. */
    public static ImageDecoder of(List<ImageCodec> codecs, ImageLimits limits) {
        return new ImageDecoder(codecs, limits);
    }

    /** What an image may cost at most. */
    public ImageLimits limits() {
        return limits;
    }

    /** Scratch for one thread, from the preferred codec's allocator. The caller closes it. */
    public PixelMemory newMemory() {
        return new PixelMemory(codecs.get(0).allocator());
    }

    /** Names of the codecs in use, most preferred first. */
    public List<String> codecNames() {
        return codecs.stream().map(ImageCodec::name).toList();
    }

    /** How they decode here, in the same order. */
    public List<String> codecDescriptions() {
        return codecs.stream().map(ImageCodec::description).toList();
    }

    /** One line for each codec that was found and cannot be used: reason and remedy. */
    public List<String> unusableCodecs() {
        return List.copyOf(unusable);
    }

    /**
     * Decodes a file.
     *
     * @throws ImageFormatException
     *             for contents that are no image, corrupt, cut short or over the limits
     * @throws UncheckedIOException
     *             when the file cannot be read
     */
    public PixelImage decode(Path file, PixelMemory memory) {
        return decode(file, WindowChoice.WHOLE, memory);
    }

    PixelImage decode(Path file, WindowChoice choice, PixelMemory memory) {
        String name = String.valueOf(file.getFileName());
        try {
            checkKind(file); // before it is opened: opening a pipe can wait for ever
            try (FileChannel channel = FileChannel.open(file)) {
                long size = channel.size();
                checkFileSize(name, size);
                ByteBuffer encoded = memory.encoded(size);
                while (encoded.hasRemaining() && channel.read(encoded) >= 0) {
                    // until the buffer is full or the file ends
                }
                return decodeDirect(encoded.flip(), name, choice, memory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "image cannot be read: file=" + file + " cause=" + e.getClass().getSimpleName(), e);
        }
    }

    private static void checkKind(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (attributes.isDirectory()) {
            throw new ImageFormatException("image is a directory: file=" + file);
        }
        if (!attributes.isRegularFile()) {
            throw new ImageFormatException("image is not a regular file but a pipe or a device: file=" + file
                    + "; copy its contents to a file");
        }
    }

    /**
     * Decodes the contents of a file.
     *
     * @param encoded
     *            stays as it is
     * @param memory
     *            the calling thread's; the result is valid until it is used again
     * @throws ImageFormatException
     *             for contents that are no image, corrupt, cut short or over the limits
     */
    public PixelImage decode(byte[] encoded, PixelMemory memory) {
        return decode(ByteBuffer.wrap(encoded), memory);
    }

    /** As {@link #decode(byte[], PixelMemory)}: the bytes from position to limit; both stay as they are. */
    public PixelImage decode(ByteBuffer encoded, PixelMemory memory) {
        return decode(encoded, WindowChoice.WHOLE, memory);
    }

    PixelImage decode(ByteBuffer encoded, WindowChoice choice, PixelMemory memory) {
        checkFileSize("bytes", encoded.remaining());
        ByteBuffer copy = memory.encoded(encoded.remaining());
        copy.put(encoded.duplicate());
        return decodeDirect(copy.flip(), "bytes", choice, memory);
    }

    private void checkFileSize(String name, long sizeBytes) {
        if (sizeBytes == 0) {
            throw new ImageFormatException("image is empty: fileBytes=0 image=" + name);
        }
        if (sizeBytes > limits.maxFileBytes()) {
            throw new ImageFormatException("image file is larger than the limit: fileBytes=" + sizeBytes
                    + " maxFileBytes=" + limits.maxFileBytes() + " image=" + name);
        }
    }

    private PixelImage decodeDirect(ByteBuffer encoded, String name, WindowChoice choice, PixelMemory memory) {
        ImageFormat format = ImageFormat.of(encoded);
        if (format == null) {
            throw new ImageFormatException("not an image of a known format: expected=JPEG, PNG, GIF, WebP, BMP or TIFF"
                    + " actual=" + firstBytes(encoded) + " fileBytes=" + encoded.limit() + " image=" + name);
        }
        ImageHeader header = readHeader(encoded, format, name);
        limits.checkPixels(name, header.width(), header.height());
        for (ImageCodec codec : codecs) {
            if (codec.decodes(header)) {
                return codec.decode(encoded, header, choice.choose(header), memory);
            }
        }
        String mode = header.mode() == null ? "" : " mode=" + header.mode();
        String remedy = unusable.isEmpty() ? "add clip4j-native-leptonica" : String.join("; ", unusable);
        throw new ImageFormatException("no codec at hand decodes this image exactly: format=" + format + mode
                + " image=" + name + "; " + remedy);
    }

    private static ImageHeader readHeader(ByteBuffer encoded, ImageFormat format, String name) {
        switch (format) {
            case JPEG -> {
                JpegStream jpeg = new JpegStream(encoded, name);
                return new ImageHeader(format, jpeg.width(), jpeg.height(), jpeg.mode(), jpeg.isExactInJdk(), name);
            }
            case PNG -> {
                PngStream png = new PngStream(encoded, name);
                return new ImageHeader(format, png.width(), png.height(), png.mode(), true, name);
            }
            case GIF -> {
                GifStream gif = new GifStream(encoded, name);
                return new ImageHeader(format, gif.canvasWidth(), gif.canvasHeight(), gif.mode(), true, name);
            }
            case BMP -> {
                BmpStream bmp = new BmpStream(encoded, name);
                return new ImageHeader(format, bmp.width(), bmp.height(), bmp.mode(), true, name);
            }
            case TIFF -> {
                TiffStream tiff = new TiffStream(encoded, name);
                return new ImageHeader(format, tiff.width(), tiff.height(), tiff.mode(), true, name);
            }
            default -> {
                WebpStream webp = new WebpStream(encoded, name);
                return new ImageHeader(format, webp.width(), webp.height(), null, false, name);
            }
        }
    }

    private static String firstBytes(ByteBuffer bytes) {
        StringBuilder hex = new StringBuilder();
        for (int i = 0; i < Math.min(8, bytes.limit()); i++) {
            hex.append(String.format("%02x", bytes.get(i) & 0xFF));
        }
        return hex.toString();
    }
}
