package org.clip4j.benchmarks.onnx;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ModelFile;

/**
 * Weights of linear layers in 8 bits with a scale for each output, written to a file beside the graph: what ONNX Runtime's
 * {@code quantize_dynamic} makes with {@code per_channel}. Closed by whoever opened it.
 */
final class Int8Weights implements AutoCloseable {
    /**
     * Steps from 0 to the largest weight. Without VNNI two products are added in 16 bits, which cut off the sum of larger
     * ones: {@code reduce_range}, which ONNX Runtime's documentation asks for there.
     */
    private static final float STEPS = hasVnni() ? 127f : 64f;

    private final ModelFile model;
    private final Path file;
    private final OutputStream out;
    private long written;

    /**
     * A layer's weights in the file.
     *
     * @param offset of the first byte
     * @param in inputs K; the bytes are [K,N]
     * @param scales of the N outputs
     */
    record Layer(long offset, int in, FloatBuffer scales) {
        long sizeBytes() {
            return (long) in * scales.capacity();
        }
    }

    Int8Weights(ModelFile model, Path file) throws IOException {
        this.model = model;
        this.file = file;
        this.out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20);
    }

    private static boolean hasVnni() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            return lines.anyMatch(line -> line.startsWith("flags") && line.contains("vnni"));
        } catch (IOException e) {
            // Elsewhere than on Linux; fewer steps are right everywhere.
            return false;
        }
    }

    Path file() {
        return file;
    }

    /** Appends a tensor [N,K] as [K,N]. */
    Layer add(String tensorName) throws IOException {
        Tensor tensor = model.tensor(tensorName);
        int N = tensor.rows();
        int K = tensor.columns();
        float[] scales = new float[N];
        byte[] bytes = new byte[Math.multiplyExact(N, K)];
        float[] row = new float[K];
        for (int n = 0; n < N; n++) {
            tensor.floats().get(n * K, row);
            float largest = 0;
            for (float value : row) {
                largest = Math.max(largest, Math.abs(value));
            }
            scales[n] = largest / STEPS;
            float inverse = largest > 0 ? STEPS / largest : 0;
            for (int k = 0; k < K; k++) {
                bytes[k * N + n] = (byte) Math.round(row[k] * inverse);
            }
        }
        out.write(bytes);
        Layer layer = new Layer(written, K, FloatBuffer.wrap(scales));
        written += bytes.length;
        return layer;
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
