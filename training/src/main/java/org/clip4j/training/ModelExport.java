package org.clip4j.training;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelFileWriter;
import org.clip4j.weights.ModelSource;

/** Writes what was learned as an ordinary model file. Stateless. */
public final class ModelExport {
    private ModelExport() {}

    /**
     * Writes a model file, whole or not at all.
     *
     * @param dtype F32, F16 or BF16 for matrices; gains, biases and the logit scale stay F32, as they take no room
     * @param merges of the BPE vocabulary, UTF-8, a line {@code a b} each; empty for a model without a tokenizer
     * @param source which code, seed and recipe made the model
     * @throws IOException when it cannot be written
     * @throws IllegalArgumentException for another type, or when a weight does not fit it
     */
    public static void write(Path target, Parameters parameters, DType dtype, Optional<byte[]> merges,
            ModelSource source) throws IOException {
        if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
            throw new IllegalArgumentException("a model file has f32, f16 or bf16 weights: dtype=" + dtype);
        }
        List<ModelFileWriter.Entry> entries = new ArrayList<>();
        for (Parameter parameter : parameters.all()) {
            entries.add(entry(parameter, dtype));
        }
        merges.ifPresent(
                bytes -> entries.add(new ModelFileWriter.Entry(ModelFile.MERGES, DType.U8, List.of(bytes.length))));
        try (ModelFileWriter writer = ModelFileWriter.create(target, parameters.config(), source, entries)) {
            for (Parameter parameter : parameters.all()) {
                ModelFileWriter.Entry entry = entry(parameter, dtype);
                writer.write(parameter.name(), 0, convert(parameter, entry.dtype()));
            }
            if (merges.isPresent()) {
                writer.write(ModelFile.MERGES, 0, ByteBuffer.wrap(merges.get()));
            }
            writer.commit();
        }
    }

    private static ModelFileWriter.Entry entry(Parameter parameter, DType dtype) {
        List<Integer> shape = new ArrayList<>();
        for (int size : parameter.value().shape()) {
            shape.add(size);
        }
        return new ModelFileWriter.Entry(parameter.name(), parameter.decays() ? dtype : DType.F32, shape);
    }

    private static ByteBuffer convert(Parameter parameter, DType dtype) {
        Tensor value = parameter.value();
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(value.elements(), dtype.sizeBytes()))
                .order(ByteOrder.LITTLE_ENDIAN);
        Tensor converted = Tensor.of(bytes, dtype, Tensor.NO_ADDRESS, value.shape());
        for (int i = 0; i < value.elements(); i++) {
            converted.set(i, value.get(i));
            if (!Double.isFinite(converted.get(i))) {
                throw new IllegalArgumentException("weight does not fit its type: name=" + parameter.name() + " index="
                        + i + " value=" + value.get(i) + " dtype=" + dtype);
            }
        }
        return bytes;
    }
}
