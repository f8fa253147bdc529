package org.clip4j.converter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.SafetensorsHeader;

/** Opens weight files of any known container, told apart by their first bytes and not by their names. */
final class CheckpointFiles {
    private CheckpointFiles() {}

    /** Opens one file, or the shards of one checkpoint; a tensor may be in one of them only. */
    static Checkpoint open(List<Path> files) throws IOException {
        List<FileChannel> channels = new ArrayList<>();
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        TorchFile.Content content = null;
        try {
            for (Path file : files) {
                if (!Files.isRegularFile(file)) {
                    throw new CheckpointException("checkpoint file does not exist: file=" + file);
                }
                FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                channels.add(channel);
                content = read(FileRegion.of(file, channel, 0, channel.size(), "file"));
                for (Map.Entry<String, StoredTensor> entry : content.tensors().entrySet()) {
                    if (tensors.put(entry.getKey(), entry.getValue()) != null) {
                        throw new CheckpointException("checkpoint tensor is in two shards: name=" + entry.getKey()
                                + " file=" + file);
                    }
                }
            }
            if (content == null) {
                throw new CheckpointException("checkpoint has no weight files");
            }
            return new Checkpoint(content.format(), content.torchScript(), List.copyOf(files), channels, tensors);
        } catch (IOException | RuntimeException e) {
            Checkpoint.closeAll(channels);
            throw e;
        }
    }

    private static TorchFile.Content read(FileRegion file) throws IOException {
        ByteBuffer start = file.read(0, (int) Math.min(16, file.sizeBytes()));
        if (TorchFile.isZip(start)) {
            return TorchFile.readZip(file);
        }
        if (TorchFile.isLegacy(start)) {
            return TorchFile.readLegacy(file);
        }
        if (start.remaining() >= 9 && start.get(8) == '{') {
            return readSafetensors(file);
        }
        throw new CheckpointException("not a checkpoint, neither safetensors nor a PyTorch file: file=" + file.file()
                + " sizeBytes=" + file.sizeBytes());
    }

    private static TorchFile.Content readSafetensors(FileRegion file) throws IOException {
        SafetensorsHeader header;
        try {
            header = SafetensorsHeader.read(file.channel(), file.file().toString());
        } catch (ModelFileException e) {
            throw new CheckpointException(e.getMessage(), e);
        }
        if (header.metadata().containsKey("clip4j")) {
            throw new CheckpointException("is a converted model already: file=" + file.file()
                    + "; use it as it is, or convert its source again");
        }
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        for (SafetensorsHeader.Entry entry : header.tensors()) {
            Storage storage = new Storage(entry.name(), entry.dtype(), entry.sizeBytes() / entry.dtype().sizeBytes());
            storage.attach(FileRegion.of(file.file(), file.channel(), header.dataStartBytes() + entry.begin(),
                    entry.sizeBytes(), "tensor=" + entry.name()));
            tensors.put(entry.name(), StoredTensor.contiguous(storage, entry.shape()));
        }
        return new TorchFile.Content("safetensors", false, StateDict.withoutPrefixes(tensors));
    }
}
