package org.clip4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.DType;

/** Small model files for tests. */
final class Models {
    static final ModelSource SOURCE = new ModelSource("test.pt", Optional.of("00"));

    private Models() {}

    static ClipConfig transformer() {
        return new ClipConfig(8, new VisionConfig.Transformer(16, 8, 16, 1, 2, 32, Activation.GELU), text(),
                new PreprocessSpec(16, List.of(0.1f, 0.2f, 0.3f), List.of(1f, 2f, 3f)));
    }

    static ClipConfig resNet() {
        return new ClipConfig(8, new VisionConfig.ModifiedResNet(64, List.of(1, 1, 2, 1), 4, 2), text(),
                new PreprocessSpec(64, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f)));
    }

    private static TextConfig text() {
        return new TextConfig(7, 517, 16, 2, 4, 48, Activation.QUICK_GELU, 516);
    }

    static List<ModelFileWriter.Entry> entries(ClipConfig config, DType dtype) {
        List<ModelFileWriter.Entry> entries = new ArrayList<>();
        for (TensorSpec spec : TensorTable.of(config)) {
            entries.add(new ModelFileWriter.Entry(spec.name(), dtype, spec.shape()));
        }
        return entries;
    }

    /** Element i of every tensor is i, modulo 64. */
    static Path write(Path file, ClipConfig config, List<ModelFileWriter.Entry> entries) throws IOException {
        try (ModelFileWriter writer = ModelFileWriter.create(file, config, SOURCE, entries)) {
            writeAll(writer, entries);
            writer.commit();
        }
        return file;
    }

    static void writeAll(ModelFileWriter writer, List<ModelFileWriter.Entry> entries) throws IOException {
        for (ModelFileWriter.Entry entry : entries) {
            ByteBuffer bytes = ByteBuffer.allocate((int) entry.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; entry.dtype() == DType.F32 && i < bytes.capacity() / 4; i++) {
                bytes.putFloat(4 * i, i % 64);
            }
            writer.write(entry.name(), 0, bytes);
        }
    }

    /** A safetensors file with any header and as many zero bytes behind it. */
    static Path raw(Path file, String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json);
        return Files.write(file, bytes.array());
    }

    /** The header of a file as text. */
    static String header(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        return new String(bytes.array(), 8, (int) bytes.getLong(0), StandardCharsets.UTF_8);
    }
}
