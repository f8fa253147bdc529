package org.clip4j.converter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.weights.LogitScale;
import org.clip4j.weights.ModelFileWriter;
import org.clip4j.weights.NonFinite;

/** Writes views of a checkpoint row by row into a model file, in another type where asked; for one thread. */
final class TensorCopier {
    private static final int CHUNK_ELEMENTS = 1 << 18;

    private final ModelFileWriter writer;
    private final String file;
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(4 * CHUNK_ELEMENTS).order(ByteOrder.LITTLE_ENDIAN);
    private final float[] values = new float[CHUNK_ELEMENTS];

    private String name;
    private DType target;
    private long writtenBytes;

    TensorCopier(ModelFileWriter writer, String file) {
        this.writer = writer;
        this.file = file;
    }

    /** Writes the parts one behind the other as one tensor. */
    void copy(String tensorName, DType dtype, List<StoredTensor> parts) throws IOException {
        name = tensorName;
        target = dtype;
        writtenBytes = 0;
        for (StoredTensor part : parts) {
            if (part.elements() > 0) {
                copy(part);
            }
        }
    }

    private void copy(StoredTensor part) throws IOException {
        int size = part.dtype().sizeBytes();
        long extent = 1;
        for (int axis = 0; axis < part.shape().size(); axis++) {
            extent += part.strides().get(axis) * (part.shape().get(axis) - 1);
        }
        ByteBuffer bytes = part.storage().region().map(part.offset() * size, extent * size);
        Runs runs = new Runs(part);
        chunk.clear();
        do {
            int done = 0;
            while (done < runs.length) {
                int room = Math.min(CHUNK_ELEMENTS, chunk.remaining() / target.sizeBytes());
                int count = Math.min(runs.length - done, room);
                append(bytes, part.dtype(), runs.start + done * runs.step, runs.step, count);
                done += count;
                if (chunk.remaining() < target.sizeBytes()) {
                    flush();
                }
            }
        } while (runs.next());
        flush();
    }

    /** Walks a view in row-major order by runs of equal step; neighbouring axes that form one are joined. */
    private static final class Runs {
        private final int[] sizes;
        private final long[] strides;
        private final int[] index;
        private int axes;

        /** Elements of a run. */
        final int length;
        /** Distance between elements of a run. */
        final int step;
        /** First element of the current run. */
        int start;

        Runs(StoredTensor tensor) {
            int rank = tensor.shape().size();
            sizes = new int[rank + 1];
            strides = new long[rank + 1];
            for (int axis = 0; axis < rank; axis++) {
                int size = tensor.shape().get(axis);
                long stride = tensor.strides().get(axis);
                if (size == 1) {
                    continue;
                }
                if (axes > 0 && strides[axes - 1] == stride * size) {
                    sizes[axes - 1] *= size;
                    strides[axes - 1] = stride;
                } else {
                    sizes[axes] = size;
                    strides[axes] = stride;
                    axes++;
                }
            }
            if (axes == 0) {
                sizes[0] = 1;
                strides[0] = 1;
                axes = 1;
            }
            index = new int[axes];
            length = sizes[axes - 1];
            step = (int) strides[axes - 1];
        }

        boolean next() {
            for (int axis = axes - 2; axis >= 0; axis--) {
                index[axis]++;
                start += (int) strides[axis];
                if (index[axis] < sizes[axis]) {
                    return true;
                }
                start -= (int) (strides[axis] * sizes[axis]);
                index[axis] = 0;
            }
            return false;
        }
    }

    private void append(ByteBuffer bytes, DType source, int start, int step, int count) throws IOException {
        int from = chunk.position();
        int size = source.sizeBytes();
        if (source == target && step == 1) {
            chunk.put(from, bytes, start * size, count * size);
        } else {
            widen(bytes, source, start, step, count);
            narrow(from, count);
        }
        int bad = NonFinite.firstIndex(chunk, from, count, target);
        if (bad >= 0) {
            throw notFinite(bytes, source, start + bad * step,
                    writtenBytes / target.sizeBytes() + from / target.sizeBytes() + bad);
        }
        if (name.equals(LogitScale.TENSOR)) {
            LogitScale.factor(value(bytes, source, start), file);
        }
        chunk.position(from + count * target.sizeBytes());
    }

    private void widen(ByteBuffer bytes, DType source, int start, int step, int count) {
        switch (source) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = bytes.getFloat(4 * (start + i * step));
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = HalfPrecision.f16ToF32(bytes.getShort(2 * (start + i * step)));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = HalfPrecision.bf16ToF32(bytes.getShort(2 * (start + i * step)));
                }
            }
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    values[i] = (float) bytes.getDouble(8 * (start + i * step));
                }
            }
            default -> throw new IllegalArgumentException("weights are not of an integer type: dtype=" + source);
        }
    }

    private void narrow(int from, int count) {
        switch (target) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    chunk.putFloat(from + 4 * i, values[i]);
                }
            }
            case F16 -> {
                for (int i = 0; i < count; i++) {
                    chunk.putShort(from + 2 * i, HalfPrecision.f32ToF16(values[i]));
                }
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    chunk.putShort(from + 2 * i, HalfPrecision.f32ToBf16(values[i]));
                }
            }
            default -> throw new IllegalArgumentException("model files have no such weights: dtype=" + target);
        }
    }

    private CheckpointException notFinite(ByteBuffer bytes, DType source, int element, long index) {
        double value = value(bytes, source, element);
        String where = ": name=" + name + " index=" + index + " value=" + value + " file=" + file;
        return Double.isFinite(value)
                ? new CheckpointException("checkpoint value is too large for " + target + where
                        + "; choose --dtype f32 or bf16")
                : new CheckpointException("checkpoint tensor is not finite" + where);
    }

    private static double value(ByteBuffer bytes, DType source, int element) {
        return switch (source) {
            case F64 -> bytes.getDouble(8 * element);
            case F32 -> bytes.getFloat(4 * element);
            case F16 -> HalfPrecision.f16ToF32(bytes.getShort(2 * element));
            default -> HalfPrecision.bf16ToF32(bytes.getShort(2 * element));
        };
    }

    private void flush() throws IOException {
        chunk.flip();
        int count = chunk.remaining();
        if (count > 0) {
            writer.write(name, writtenBytes, chunk);
            writtenBytes += count;
        }
        chunk.clear();
    }
}
