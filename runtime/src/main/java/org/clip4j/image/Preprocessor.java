package org.clip4j.image;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Objects;
import java.util.Optional;
import org.clip4j.kernels.PixelView;
import org.clip4j.kernels.PlaneResampler;
import org.clip4j.kernels.PlaneResamplerProvider;
import org.clip4j.kernels.ResampleAxis;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TensorResampler;

/**
 * From an image to a CLIP tower's input, bit for bit as openai/CLIP with Pillow and torchvision: resize in the image's
 * own mode, centre crop, conversion to RGB, normalisation, with n = {@code config.size()}.
 *
 * <p>Belongs to one thread: it owns scratch (a few rows, tables of the last sizes, memory for encoded and decoded
 * images) that is reused, so that images of repeating sizes allocate nothing here. Output goes to the caller's buffers,
 * at absolute positions; their position and limit do not change.
 */
public final class Preprocessor implements AutoCloseable {
    private final PreprocessConfig config;
    private final ImageDecoder decoder;
    private final PixelMemory memory;
    private final ResampleTables tables = new ResampleTables();
    private final ByteResampler bytes = new ByteResampler();
    private final WideResampler wide = new WideResampler();
    private final NearestResampler nearest = new NearestResampler();
    private final PixelRows pixelRows;
    private final TensorRows tensorRows;
    private final Optional<PlaneResampler> planeResampler;
    private final WindowChoice windowChoice = this::window;
    private ResizeGeometry geometry;
    private int geometryWidth;
    private int geometryHeight;
    private FinishedPixels finished; // when there was an image that a device does not resize

    /** A preprocessor with every decoder on the class path and the default limits. */
    public Preprocessor(PreprocessConfig config) {
        this(config, ImageDecoder.create());
    }

    /**
     * A preprocessor that decodes files with a decoder, which it does not close and may share with others.
     *
     * @param config
     *            what the model asks for
     */
    public Preprocessor(PreprocessConfig config, ImageDecoder decoder) {
        this.config = Objects.requireNonNull(config, "config");
        this.decoder = Objects.requireNonNull(decoder, "decoder");
        this.memory = decoder.newMemory();
        this.pixelRows = new PixelRows(config.size());
        this.tensorRows = new TensorRows(config);
        this.planeResampler = PlaneResamplerProvider.openFastest(config.size(), tensorRows.levels);
    }

    /** What the model asks for. */
    public PreprocessConfig config() {
        return config;
    }

    /**
     * Resized, cropped and converted: u8 [n,n,3], rows top to bottom, RGB interleaved.
     *
     * @param rgb
     *            receives 3 n^2 bytes from {@code offset} on
     * @throws ImageFormatException
     *             when the image cannot be decoded
     */
    public void pixels(Image image, ByteBuffer rgb, int offset) {
        check("pixels", offset, rgb.limit());
        pixelRows.target = rgb;
        pixelRows.offset = offset;
        try {
            run(image, pixelRows);
        } finally {
            pixelRows.target = null;
        }
    }

    /**
     * Normalised: f32 [3,n,n], channels red, green, blue, each value ((u8 / 255f) - mean) / std in float steps.
     *
     * @param tensor
     *            receives 3 n^2 floats from {@code offset} on
     * @throws ImageFormatException
     *             when the image cannot be decoded
     */
    public void tensor(Image image, FloatBuffer tensor, int offset) {
        check("tensor", offset, tensor.limit());
        tensorRows.target = tensor;
        tensorRows.offset = offset;
        try {
            run(image, tensorRows);
        } finally {
            tensorRows.target = null;
        }
    }

    /**
     * Normalised into a tensor of a device, which resizes itself what is RGB or gray; the same bits as those of
     * {@link #tensor(Image, FloatBuffer, int)}.
     *
     * @param resampler
     *            opened for the configuration's size and levels
     * @param images
     *            f32 [.., 3,n,n], of which {@code index} is written
     * @throws ImageFormatException
     *             when the image cannot be decoded
     */
    public void tensor(Image image, TensorResampler resampler, Tensor images, int index) {
        try (PixelImage decoded = image.decode(decoder, windowChoice, memory)) {
            PixelView pixels = decoded.colorView();
            if (pixels != null) {
                ResizeGeometry geometry = geometry(decoded.width(), decoded.height());
                resampler.resample(pixels, columns(decoded.width(), geometry).axis,
                        rows(decoded.height(), geometry).axis, images, index);
            } else {
                if (finished == null) {
                    finished = new FinishedPixels(config.size());
                }
                pixelRows.target = finished.view.samples();
                pixelRows.offset = 0;
                resample(decoded, pixelRows);
                resampler.resample(finished.view, finished.axis, finished.axis, images, index);
            }
        } finally {
            pixelRows.target = null;
            memory.trim();
        }
    }

    /** Gives the scratch back. */
    @Override
    public void close() {
        planeResampler.ifPresent(PlaneResampler::close);
        memory.close();
    }

    private void check(String what, int offset, int limit) {
        long needed = 3L * config.size() * config.size();
        if (offset < 0 || offset + needed > limit) {
            throw new IndexOutOfBoundsException(what + " buffer is too small: offset=" + offset + " length=" + needed
                    + " limit=" + limit + " size=" + config.size());
        }
    }

    private void run(Image image, RowSink sink) {
        try (PixelImage decoded = image.decode(decoder, windowChoice, memory)) {
            resample(decoded, sink);
        } finally {
            memory.trim();
        }
    }

    private void resample(PixelImage image, RowSink sink) {
        int n = config.size();
        ResizeGeometry geometry = geometry(image.width(), image.height());
        if (image.mode().isNearest()) {
            nearest.resample(image, geometry, n, sink);
            return;
        }
        ResampleTable columns = columns(image.width(), geometry);
        ResampleTable rows = rows(image.height(), geometry);
        if (image.mode() == PixelMode.I) {
            wide.resample(image, columns, rows, sink);
        } else if (isForPlaneResampler(image, sink)) {
            planeResampler.get().resample(image.colorView(), columns.axis, rows.axis, tensorRows.target,
                    tensorRows.offset);
        } else {
            bytes.resample(image, columns, rows, !geometry.keepsSizeOf(image), sink);
        }
    }

    private boolean isForPlaneResampler(PixelImage image, RowSink sink) {
        PixelView pixels = image.colorView();
        return sink == tensorRows && pixels != null && planeResampler.isPresent()
                && planeResampler.get().accepts(pixels, tensorRows.target);
    }

    /** The part of an image that the resize and the crop need. */
    private PixelWindow window(ImageHeader header) {
        if (header.mode() == null || header.mode().isNearest()) {
            return WindowChoice.WHOLE.choose(header);
        }
        ResizeGeometry geometry = geometry(header.width(), header.height());
        ResampleTable columns = columns(header.width(), geometry);
        ResampleTable rows = rows(header.height(), geometry);
        return new PixelWindow(columns.inFrom, rows.inFrom, columns.inTo - columns.inFrom, rows.inTo - rows.inFrom);
    }

    private ResampleTable columns(int imageWidth, ResizeGeometry geometry) {
        return tables.get(imageWidth, geometry.width(), geometry.left(), config.size());
    }

    private ResampleTable rows(int imageHeight, ResizeGeometry geometry) {
        return tables.get(imageHeight, geometry.height(), geometry.top(), config.size());
    }

    private ResizeGeometry geometry(int imageWidth, int imageHeight) {
        if (geometry == null || geometryWidth != imageWidth || geometryHeight != imageHeight) {
            geometry = ResizeGeometry.of(imageWidth, imageHeight, config.size());
            geometryWidth = imageWidth;
            geometryHeight = imageHeight;
        }
        return geometry;
    }

    /** An image that has its size already, on its way to a device. */
    private static final class FinishedPixels {
        private final PixelView view;
        private final ResampleAxis axis;

        FinishedPixels(int size) {
            view = new PixelView(ByteBuffer.allocate(3 * size * size), 0, 3 * size, 3, 0, 0, size, size, 0, 1, 2);
            axis = ResampleAxis.identity(0, size);
        }
    }

    /** Writes rows as they come. */
    private static final class PixelRows implements RowSink {
        private final int rowBytes;
        private ByteBuffer target;
        private int offset;

        PixelRows(int size) {
            this.rowBytes = 3 * size;
        }

        @Override
        public void row(int y, byte[] rgb) {
            target.put(offset + y * rowBytes, rgb, 0, rowBytes);
        }
    }

    /** Normalises rows by a table of what a sample can be, one for each channel. */
    private static final class TensorRows implements RowSink {
        private final int size;
        private final float[] levels;
        private final float[] row;
        private FloatBuffer target;
        private int offset;

        TensorRows(PreprocessConfig config) {
            this.size = config.size();
            this.levels = config.levels();
            this.row = new float[size];
        }

        @Override
        public void row(int y, byte[] rgb) {
            for (int channel = 0; channel < 3; channel++) {
                int first = channel * PlaneResamplerProvider.LEVELS;
                for (int x = 0; x < size; x++) {
                    row[x] = levels[first + (rgb[3 * x + channel] & 0xFF)];
                }
                target.put(offset + (channel * size + y) * size, row, 0, size);
            }
        }
    }
}
