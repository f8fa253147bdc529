package org.clip4j.converter;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The named tensors of a checkpoint, as views of its open files. Closing it closes the files.
 *
 * @param format what kind of file it is, for people
 * @param torchScript true for the archives that OpenAI publishes
 * @param files its weight files, in the order of their names
 * @param tensors by the names in the file, without a {@code module.} prefix
 */
record Checkpoint(String format, boolean torchScript, List<Path> files, List<FileChannel> channels,
        Map<String, StoredTensor> tensors) implements AutoCloseable {
    @Override
    public void close() throws IOException {
        closeAll(channels);
    }

    static void closeAll(List<FileChannel> channels) throws IOException {
        for (FileChannel channel : channels) {
            channel.close();
        }
    }
}
