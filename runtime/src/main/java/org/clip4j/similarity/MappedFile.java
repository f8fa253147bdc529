package org.clip4j.similarity;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/**
 * A file whose rows are mapped, and which stays open so that it can be asked whether it still has them: reading a map behind
 * the end of its file ends the program. Maps stay valid when it is closed. Thread-safe but for {@link #map}.
 */
final class MappedFile implements AutoCloseable {
    private final Path path;
    // Not a channel that was opened as such: asking that for its size closes it when the thread is interrupted.
    private final RandomAccessFile file;
    private long mappedBytes;

    /** Opens a file to read it. */
    MappedFile(Path path) throws IOException {
        this.path = path;
        this.file = new RandomAccessFile(path.toFile(), "r");
    }

    FileChannel channel() {
        return file.getChannel();
    }

    /**
     * Maps rows that adjoin.
     *
     * @param startBytes of the first one in the file
     */
    RowBlocks map(DType stored, int width, int rows, long startBytes) throws IOException {
        int blockRows = RowBlocks.blockRows(stored, width);
        long rowBytes = (long) width * stored.sizeBytes();
        List<Tensor> blocks = new ArrayList<>();
        for (int first = 0; first < rows; first += blockRows) {
            int count = Math.min(blockRows, rows - first);
            ByteBuffer bytes = channel().map(FileChannel.MapMode.READ_ONLY, startBytes + first * rowBytes,
                    count * rowBytes);
            blocks.add(Tensor.of(bytes, stored, Tensor.NO_ADDRESS, count, width));
        }
        mappedBytes = Math.max(mappedBytes, startBytes + rows * rowBytes);
        return new RowBlocks(blocks);
    }

    /**
     * Checks that the file has all that was mapped of it. Allocates nothing.
     *
     * @throws IllegalStateException when it became shorter
     */
    void requireWhole() {
        long actual;
        try {
            actual = file.length();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot ask for the length of a file: file=" + path, e);
        }
        if (actual < mappedBytes) {
            throw new IllegalStateException("file became shorter while it was searched: file=" + path
                    + " expectedBytes>=" + mappedBytes + " actualBytes=" + actual
                    + "; restore it, and open the index again");
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
