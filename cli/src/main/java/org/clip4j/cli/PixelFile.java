package org.clip4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Preprocessed images of an {@code .npy} file, f32 [B,3,R,R]. Read a few at a time into one direct buffer, so that memory
 * does not depend on B; a file that someone cuts short meanwhile is an error and not a crash, as it would be with a map.
 * For one thread; the owner closes it.
 */
final class PixelFile implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final NpyHeader header;
    private final int images;
    private final int pixelsPerImage;
    private final ByteBuffer slice;

    private PixelFile(Path path, FileChannel channel, int resolution, int imagesPerSlice) throws IOException {
        this.path = path;
        this.channel = channel;
        this.header = NpyHeader.read(channel, path.toString());
        checkType(resolution);
        this.images = Math.toIntExact(header.shape().get(0));
        this.pixelsPerImage = 3 * resolution * resolution;
        long expectedBytes = Math.addExact(header.dataStartBytes(),
                Math.multiplyExact((long) images, (long) Float.BYTES * pixelsPerImage));
        if (channel.size() != expectedBytes) {
            throw new InputException("npy file has another length than its header says: file=" + path
                    + " expectedBytes=" + expectedBytes + " actualBytes=" + channel.size());
        }
        this.slice = ByteBuffer
                .allocateDirect(Math.multiplyExact(Float.BYTES * pixelsPerImage,
                        Math.max(1, Math.min(images, imagesPerSlice))))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Opens a file and checks its header.
     *
     * @param resolution R of the model
     * @throws InputException when it holds anything but f32 [B,3,R,R] in C order
     */
    static PixelFile open(Path path, int resolution, int imagesPerSlice) throws IOException {
        if (Files.isDirectory(path)) {
            throw new InputException("not an npy file but a folder: file=" + path);
        }
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        boolean complete = false;
        try {
            PixelFile file = new PixelFile(path, channel, resolution, imagesPerSlice);
            complete = true;
            return file;
        } finally {
            if (!complete) {
                channel.close();
            }
        }
    }

    private void checkType(int resolution) {
        if (!header.descr().equals(NpyWriter.F32)) {
            throw new InputException("pixels have a wrong dtype: file=" + path + " expected=<f4 (little-endian f32)"
                    + " actual=" + Console.brief(header.descr()) + "; write them with .astype('<f4')");
        }
        if (header.fortranOrder()) {
            throw new InputException("pixels have a wrong order of axes in memory: file=" + path
                    + " expected=C order actual=Fortran order; write them with numpy.ascontiguousarray");
        }
        List<Long> shape = header.shape();
        boolean fits = shape.size() == 4 && shape.get(1) == 3 && shape.get(2) == resolution
                && shape.get(3) == resolution && shape.get(0) <= Integer.MAX_VALUE;
        if (!fits) {
            throw new InputException("pixels have a wrong shape: file=" + path + " expected=[B, 3, " + resolution + ", "
                    + resolution + "] actual=" + shape);
        }
    }

    /** B. */
    int images() {
        return images;
    }

    /** Most images of one slice. */
    int imagesPerSlice() {
        return slice.capacity() / (Float.BYTES * pixelsPerImage);
    }

    /** Pixels of some images, at position 0; valid until the next call. */
    FloatBuffer read(int firstImage, int count) throws IOException {
        slice.clear().limit(Float.BYTES * pixelsPerImage * count);
        long start = header.dataStartBytes() + (long) firstImage * Float.BYTES * pixelsPerImage;
        while (slice.hasRemaining()) {
            if (channel.read(slice, start + slice.position()) < 0) {
                throw new IOException("npy file became shorter while it was read: file=" + path + " positionBytes="
                        + (start + slice.position()));
            }
        }
        return slice.flip().asFloatBuffer();
    }

    /**
     * Looks at every value.
     *
     * @throws InputException that names the first NaN or infinity
     */
    void checkFinite() throws IOException {
        for (int first = 0; first < images; first += imagesPerSlice()) {
            FloatBuffer pixels = read(first, Math.min(imagesPerSlice(), images - first));
            for (int i = 0; i < pixels.limit(); i++) {
                if (!Float.isFinite(pixels.get(i))) {
                    throw new InputException("pixels must be finite: file=" + path + " image="
                            + (first + i / pixelsPerImage) + " index=" + i % pixelsPerImage + " value="
                            + pixels.get(i));
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
