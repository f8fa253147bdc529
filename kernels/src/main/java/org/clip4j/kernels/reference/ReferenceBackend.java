package org.clip4j.kernels.reference;

import java.nio.FloatBuffer;
import java.util.Objects;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.AveragePool;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.ImageTokens;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.MeanToken;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;

/**
 * Computes every operation by its definition, in double precision, on the caller's thread. Tensors may be F64, F32, F16
 * or BF16; results are rounded once, when they are stored.
 */
public final class ReferenceBackend implements Backend {
    /** The backend's name. */
    public static final String NAME = "reference";

    private static final class Context implements ExecutionContext {
        @Override
        public void upload(FloatBuffer source, int sourceIndex, Tensor target, int count) {
            Operands.requireContiguous("target", target);
            Objects.checkFromIndexSize(0, count, target.elements());
            Objects.checkFromIndexSize(sourceIndex, count, source.limit());
            for (int i = 0; i < count; i++) {
                target.set(i, source.get(sourceIndex + i));
            }
        }

        @Override
        public void download(Tensor source, FloatBuffer target, int targetIndex, int count) {
            Operands.requireContiguous("source", source);
            Objects.checkFromIndexSize(0, count, source.elements());
            Objects.checkFromIndexSize(targetIndex, count, target.limit());
            for (int i = 0; i < count; i++) {
                target.put(targetIndex + i, (float) source.get(i));
            }
        }

        @Override
        public void close() {}
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Precision precision() {
        return Precision.F32;
    }

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public String description() {
        return "definitions in double precision; slow, for checking other backends";
    }

    @Override
    public Arena newArena() {
        return new Arena(MemoryAllocator.JDK);
    }

    @Override
    public ExecutionContext newContext() {
        return new Context();
    }

    @Override
    public Linear linear(Arena arena, Tensor weight, Tensor bias, Activation activation) {
        return new ReferenceLinear(weight, bias, activation);
    }

    @Override
    public Convolution convolution(Arena arena, ConvolutionShape shape, Tensor weight, Tensor bias,
            Activation activation) {
        return new ReferenceConvolution(shape, weight, bias, activation);
    }

    @Override
    public LayerNorm layerNorm(Arena arena, Tensor gain, Tensor bias, float epsilon) {
        Operands.checkLayerNorm(gain, bias, epsilon);
        int width = gain.elements();
        return (context, x, rows, out) -> {
            Operands.requireMatrix("x", x, rows, width);
            Operands.requireMatrix("out", out, rows, width);
            for (int row = 0; row < rows; row++) {
                double mean = 0;
                for (int i = 0; i < width; i++) {
                    mean += x.get(row, i) / width;
                }
                double variance = 0;
                for (int i = 0; i < width; i++) {
                    variance += (x.get(row, i) - mean) * (x.get(row, i) - mean) / width;
                }
                for (int i = 0; i < width; i++) {
                    double normalized = (x.get(row, i) - mean) / Math.sqrt(variance + epsilon);
                    out.set(row, i, normalized * gain.get(i) + bias.get(i));
                }
            }
        };
    }

    @Override
    public Attention attention(int heads, int headWidth, boolean causal) {
        Operands.requirePositive("heads", heads);
        Operands.requirePositive("headWidth", headWidth);
        int width = Math.multiplyExact(heads, headWidth);
        return (context, input, out) -> {
            Operands.checkAttention(input, width, out);
            for (int segment = 0; segment < input.segments(); segment++) {
                int endQuery = input.queryOffset(segment + 1);
                for (int query = input.queryOffset(segment); query < endQuery; query++) {
                    int firstKey = input.keyOffset(segment);
                    int allKeys = input.keyOffset(segment + 1) - firstKey;
                    int keys = causal ? allKeys - (endQuery - query - 1) : allKeys;
                    for (int head = 0; head < heads; head++) {
                        attend(input, query, firstKey, keys, head * headWidth, headWidth, out);
                    }
                }
            }
        };
    }

    private static void attend(AttentionInput input, int query, int firstKey, int keys, int column, int headWidth,
            Tensor out) {
        double[] weights = new double[keys];
        double max = Double.NEGATIVE_INFINITY;
        for (int key = 0; key < keys; key++) {
            for (int i = column; i < column + headWidth; i++) {
                weights[key] += input.queries().get(query, i) * input.keys().get(input.keyRow(firstKey + key), i);
            }
            weights[key] /= Math.sqrt(headWidth);
            max = Math.max(max, weights[key]);
        }
        double sum = 0;
        for (int key = 0; key < keys; key++) {
            weights[key] = Math.exp(weights[key] - max);
            sum += weights[key];
        }
        for (int i = column; i < column + headWidth; i++) {
            double value = 0;
            for (int key = 0; key < keys; key++) {
                value += weights[key] / sum * input.values().get(input.keyRow(firstKey + key), i);
            }
            out.set(query, i, value);
        }
    }

    @Override
    public AveragePool averagePool(int height, int width, int channels, int kernel) {
        Operands.checkAveragePool(height, width, channels, kernel);
        int outHeight = height / kernel;
        int outWidth = width / kernel;
        return (context, x, images, out) -> {
            Operands.requireMatrix("x", x, (long) images * height * width, channels);
            Operands.requireMatrix("out", out, (long) images * outHeight * outWidth, channels);
            for (int outRow = 0; outRow < images * outHeight * outWidth; outRow++) {
                int outX = outRow % outWidth;
                int outY = outRow / outWidth % outHeight;
                int image = outRow / outWidth / outHeight;
                for (int channel = 0; channel < channels; channel++) {
                    double sum = 0;
                    for (int y = outY * kernel; y < (outY + 1) * kernel; y++) {
                        for (int column = outX * kernel; column < (outX + 1) * kernel; column++) {
                            sum += x.get((image * height + y) * width + column, channel);
                        }
                    }
                    out.set(outRow, channel, sum / (kernel * kernel));
                }
            }
        };
    }

    @Override
    public ImageTokens imageTokens(Arena arena, Tensor classEmbedding, Tensor positions) {
        Operands.checkImageTokens(classEmbedding, positions);
        int tokens = positions.rows();
        return (context, patches, images, out) -> {
            Operands.requireMatrix("patches", patches, (long) images * (tokens - 1), positions.columns());
            Operands.requireMatrix("out", out, (long) images * tokens, positions.columns());
            for (int row = 0; row < images * tokens; row++) {
                int token = row % tokens;
                int patch = row / tokens * (tokens - 1) + token - 1;
                for (int i = 0; i < positions.columns(); i++) {
                    double value = token == 0 ? classEmbedding.get(i) : patches.get(patch, i);
                    out.set(row, i, value + positions.get(token, i));
                }
            }
        };
    }

    @Override
    public MeanToken meanToken(Arena arena, Tensor positions) {
        Operands.checkMeanToken(positions);
        int pixels = positions.rows() - 1;
        return (context, x, images, out) -> {
            Operands.requireMatrix("pixels", x, (long) images * pixels, positions.columns());
            Operands.requireMatrix("out", out, (long) images * (pixels + 1), positions.columns());
            for (int image = 0; image < images; image++) {
                int firstOut = image * (pixels + 1);
                for (int i = 0; i < positions.columns(); i++) {
                    double sum = 0;
                    for (int pixel = 0; pixel < pixels; pixel++) {
                        double value = x.get(image * pixels + pixel, i);
                        sum += value;
                        out.set(firstOut + 1 + pixel, i, value + positions.get(1 + pixel, i));
                    }
                    out.set(firstOut, i, sum / pixels + positions.get(0, i));
                }
            }
        };
    }

    @Override
    public TokenEmbedding tokenEmbedding(Arena arena, Tensor table, Tensor positions) {
        Operands.checkTokenEmbedding(table, positions);
        return (context, ids, places, tokens, out) -> {
            Operands.checkTokens(ids, places, tokens, table.rows(), positions.rows());
            Operands.requireMatrix("out", out, tokens, table.columns());
            for (int token = 0; token < tokens; token++) {
                for (int i = 0; i < table.columns(); i++) {
                    out.set(token, i, table.get(ids[token], i) + positions.get(places[token], i));
                }
            }
        };
    }

    @Override
    public RowGather rowGather(int width) {
        Operands.requirePositive("width", width);
        return (context, x, rows, count, out) -> {
            Operands.requireMatrix("x", x, 0, width);
            Operands.requireMatrix("out", out, count, width);
            for (int row = 0; row < count; row++) {
                for (int i = 0; i < width; i++) {
                    out.set(row, i, x.get(rows[row], i));
                }
            }
        };
    }

    @Override
    public L2Normalize l2Normalize(int width) {
        Operands.requirePositive("width", width);
        return (context, x, rows, out) -> {
            Operands.requireMatrix("x", x, rows, width);
            Operands.requireMatrix("out", out, rows, width);
            for (int row = 0; row < rows; row++) {
                double squares = 0;
                for (int i = 0; i < width; i++) {
                    squares += x.get(row, i) * x.get(row, i);
                }
                for (int i = 0; i < width; i++) {
                    out.set(row, i, squares == 0 ? 0 : x.get(row, i) / Math.sqrt(squares));
                }
            }
        };
    }

    @Override
    public NearestRows nearestRows(Arena arena, int width, int capacityRows, DType stored) {
        return new ReferenceNearestRows(arena, width, capacityRows, stored);
    }

    @Override
    public NearestRows nearestRows(Arena arena, RowBlocks rows) {
        return new ReferenceNearestRows(rows);
    }

    @Override
    public void close() {}
}
