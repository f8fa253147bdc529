package org.clip4j.image;

import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;

/**
 * Decoding by what the JDK brings: all formats but WebP, and JPEG where its reader gives libjpeg-turbo's pixels. Readers
 * write into {@link OffHeapRaster}, or deliver strips that are copied out at once.
 */
final class JdkCodec implements ImageCodec {
    private static final int STRIP_ROWS = 64;

    @Override
    public String name() {
        return "jdk";
    }

    @Override
    public Optional<Unusable> probe() {
        return Optional.empty();
    }

    @Override
    public boolean decodes(ImageHeader header) {
        return header.exactInJdk();
    }

    @Override
    public PixelImage decode(ByteBuffer encoded, ImageHeader header, PixelWindow window, PixelMemory memory) {
        try {
            return switch (header.format()) {
                case JPEG -> jpeg(encoded, header, memory);
                case PNG -> png(encoded, header, memory);
                case GIF -> gif(encoded, header, memory);
                case BMP -> bmp(encoded, header, memory);
                default -> tiff(encoded, header, memory);
            };
        } catch (ImageFormatException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The JDK's readers answer hostile data with almost any exception.
            String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new ImageFormatException(header.format() + " image is corrupt or cut short: reason="
                    + reason.replaceAll("\\s+", " ") + " fileBytes=" + encoded.limit() + " image=" + header.name(), e);
        } catch (OutOfMemoryError e) {
            throw new ImageFormatException(header.format() + " image needs more heap than there is: width="
                    + header.width() + " height=" + header.height() + " image=" + header.name() + "; raise -Xmx", e);
        }
    }

    private static ImageReader reader(String format, EncodedStream stream) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getClass().getName().startsWith("com.sun.imageio.")) { // plug-ins may change pixels
                reader.setInput(stream, true, true);
                return reader;
            }
            reader.dispose();
        }
        throw new ImageFormatException("this JDK has no reader for format=" + format + "; use a JDK with java.desktop");
    }

    private static void readInto(String format, EncodedStream stream, BufferedImage destination) throws IOException {
        ImageReader reader = reader(format, stream);
        try {
            ImageReadParam param = reader.getDefaultReadParam();
            param.setDestination(destination);
            reader.read(0, param);
        } finally {
            reader.dispose();
        }
    }

    private static ByteBuffer samples(ImageHeader header, PixelMemory memory, PixelMode mode) {
        return memory.samples((long) header.width() * header.height() * mode.bands() * mode.sampleBytes());
    }

    private static PixelImage jpeg(ByteBuffer encoded, ImageHeader header, PixelMemory memory) throws IOException {
        JpegStream jpeg = new JpegStream(encoded, header.name());
        ByteBuffer scans = encoded.slice(jpeg.scanOffset(), encoded.limit() - jpeg.scanOffset());
        EncodedStream stream = new EncodedStream(ByteBuffer.wrap(jpeg.plainHead()), scans);
        ByteBuffer samples = samples(header, memory, header.mode());
        if (header.mode() == PixelMode.CMYK) {
            ImageReader reader = reader("jpeg", stream);
            try {
                JpegInk.store(reader.readRaster(0, null), jpeg.isYcc(), samples);
            } finally {
                reader.dispose();
            }
        } else {
            BufferedImage image = OffHeapRaster.image(header.width(), header.height(), header.mode().bands(),
                    samples);
            readInto("jpeg", stream, image);
        }
        return PixelImage.packed(header.mode(), header.width(), header.height(), samples, null);
    }

    private static PixelImage png(ByteBuffer encoded, ImageHeader header, PixelMemory memory) {
        PngStream png = new PngStream(encoded, header.name());
        ByteBuffer samples = samples(header, memory, header.mode());
        PngPixels.decode(png, samples);
        byte[] palette = header.mode() == PixelMode.P ? png.palette() : null;
        return PixelImage.packed(header.mode(), header.width(), header.height(), samples, palette);
    }

    private static PixelImage gif(ByteBuffer encoded, ImageHeader header, PixelMemory memory) throws IOException {
        GifStream gif = new GifStream(encoded, header.name());
        ByteBuffer samples = samples(header, memory, header.mode());
        boolean whole = gif.frameWidth() == header.width() && gif.frameHeight() == header.height();
        BufferedImage frame = OffHeapRaster.image(gif.frameWidth(), gif.frameHeight(), 1, samples);
        readInto("gif", new EncodedStream(encoded), frame);
        if (!whole) {
            GifCanvas.place(samples, gif, header.width(), header.height());
        }
        return PixelImage.packed(header.mode(), header.width(), header.height(), samples, gif.palette());
    }

    private static PixelImage bmp(ByteBuffer encoded, ImageHeader header, PixelMemory memory) throws IOException {
        BmpStream bmp = new BmpStream(encoded, header.name());
        PixelMode mode = header.mode();
        ByteBuffer samples = samples(header, memory, mode);
        byte[] bytes = new byte[header.width() * mode.bands()];
        readStrips("bmp", encoded, header, (pixels, bands, y) -> {
            for (int x = 0; x < header.width(); x++) {
                for (int band = 0; band < mode.bands(); band++) {
                    int max = bmp.maxValue(band);
                    int value = pixels[x * bands + band];
                    bytes[x * mode.bands() + band] = (byte) (max == 255 ? value : value * 255 / max);
                }
            }
            samples.put(y * bytes.length, bytes);
        });
        return PixelImage.packed(mode, header.width(), header.height(), samples, bmp.palette());
    }

    private static PixelImage tiff(ByteBuffer encoded, ImageHeader header, PixelMemory memory) throws IOException {
        TiffStream tiff = new TiffStream(encoded, header.name());
        PixelMode mode = header.mode();
        ByteBuffer samples = samples(header, memory, mode);
        int rowBytes = header.width() * mode.bands() * mode.sampleBytes();
        TiffSamples row = new TiffSamples(tiff, header.width());
        readStrips("tiff", encoded, header, (pixels, bands, y) -> row.store(pixels, bands, samples, y * rowBytes));
        return PixelImage.packed(mode, header.width(), header.height(), samples, tiff.palette());
    }

    /** Reads the image in strips of whole tiles; the heap holds one strip. */
    private static void readStrips(String format, ByteBuffer encoded, ImageHeader header, RowSink sink)
            throws IOException {
        ImageReader reader = reader(format, new EncodedStream(encoded));
        try {
            if (reader.getWidth(0) != header.width() || reader.getHeight(0) != header.height()) {
                throw new ImageFormatException("image header is ambiguous: width=" + reader.getWidth(0) + " height="
                        + reader.getHeight(0) + " expected=" + header.width() + "x" + header.height() + " image="
                        + header.name());
            }
            int tile = Math.min(header.height(), Math.max(1, reader.getTileHeight(0)));
            int rows = tile >= STRIP_ROWS ? tile : STRIP_ROWS / tile * tile;
            int[] pixels = null;
            for (int y = 0; y < header.height(); y += rows) {
                ImageReadParam param = reader.getDefaultReadParam();
                param.setSourceRegion(new Rectangle(0, y, header.width(), Math.min(rows, header.height() - y)));
                Raster strip = reader.read(0, param).getRaster();
                for (int i = 0; i < strip.getHeight(); i++) {
                    pixels = strip.getPixels(strip.getMinX(), strip.getMinY() + i, header.width(), 1, pixels);
                    sink.row(pixels, strip.getNumBands(), y + i);
                }
            }
        } finally {
            reader.dispose();
        }
    }

    /** Takes one row of samples, bands interleaved. */
    @FunctionalInterface
    private interface RowSink {
        void row(int[] pixels, int bands, int y);
    }
}
