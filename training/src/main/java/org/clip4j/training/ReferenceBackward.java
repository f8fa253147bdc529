package org.clip4j.training;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.reference.ReferenceActivation;

/**
 * Derivatives as they stand on paper, computed in double precision and stored in the tensors' own type. Slow: the oracle
 * of the fast ones, and what a whole model is checked with. Stateless.
 */
public final class ReferenceBackward implements BackwardOperations {
    /** 1.702: QuickGELU, openai/CLIP clip/model.py. */
    private static final double QUICK_GELU = 1.702;

    @Override
    public void zero(Tensor x, int rows) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < x.columns(); i++) {
                x.set(row, i, 0);
            }
        }
    }

    @Override
    public void activate(Activation activation, Tensor sums, int rows, Tensor out) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < sums.columns(); i++) {
                out.set(row, i, ReferenceActivation.apply(activation, sums.get(row, i)));
            }
        }
    }

    @Override
    public void linear(Tensor x, Parameter weight, Parameter bias, Tensor dOut, int rows, Tensor dx) {
        Tensor w = weight.value();
        for (int n = 0; n < w.rows(); n++) {
            for (int k = 0; k < w.columns(); k++) {
                double sum = 0;
                for (int row = 0; row < rows; row++) {
                    sum += dOut.get(row, n) * x.get(row, k);
                }
                add(weight.gradient(), n, k, sum);
            }
            for (int row = 0; bias != null && row < rows; row++) {
                add(bias.gradient(), 0, n, dOut.get(row, n));
            }
        }
        for (int row = 0; dx != null && row < rows; row++) {
            for (int k = 0; k < w.columns(); k++) {
                double sum = 0;
                for (int n = 0; n < w.rows(); n++) {
                    sum += dOut.get(row, n) * w.get(n, k);
                }
                dx.set(row, k, sum);
            }
        }
    }

    @Override
    public void projection(Tensor x, Parameter projection, Tensor dOut, int rows, Tensor dx) {
        Tensor w = projection.value();
        for (int d = 0; d < w.rows(); d++) {
            for (int e = 0; e < w.columns(); e++) {
                double sum = 0;
                for (int row = 0; row < rows; row++) {
                    sum += x.get(row, d) * dOut.get(row, e);
                }
                add(projection.gradient(), d, e, sum);
            }
        }
        for (int row = 0; row < rows; row++) {
            for (int d = 0; d < w.rows(); d++) {
                double sum = 0;
                for (int e = 0; e < w.columns(); e++) {
                    sum += dOut.get(row, e) * w.get(d, e);
                }
                dx.set(row, d, sum);
            }
        }
    }

    @Override
    public void activation(Activation activation, Tensor sums, Tensor dOut, int rows, Tensor dSums) {
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < sums.columns(); i++) {
                dSums.set(row, i, dOut.get(row, i) * derivative(activation, sums.get(row, i)));
            }
        }
    }

    private static double derivative(Activation activation, double x) {
        return switch (activation) {
            case NONE -> 1;
            case QUICK_GELU -> {
                double sigmoid = 1 / (1 + Math.exp(-QUICK_GELU * x));
                yield sigmoid * (1 + QUICK_GELU * x * (1 - sigmoid));
            }
            case GELU -> 0.5 * ReferenceActivation.erfc(-x / Math.sqrt(2))
                    + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
            case RELU ->
                throw new IllegalArgumentException("no transformer of CLIP has this activation: " + activation);
        };
    }

    @Override
    public void layerNorm(Tensor x, Parameter gain, Parameter bias, Tensor dOut, int rows, Tensor dx) {
        int D = gain.value().elements();
        double[] normalized = new double[D];
        for (int row = 0; row < rows; row++) {
            double mean = 0;
            double variance = 0;
            for (int i = 0; i < D; i++) {
                mean += x.get(row, i) / D;
            }
            for (int i = 0; i < D; i++) {
                variance += (x.get(row, i) - mean) * (x.get(row, i) - mean) / D;
            }
            double scale = 1 / Math.sqrt(variance + EPSILON);
            double meanGradient = 0;
            double meanProduct = 0;
            for (int i = 0; i < D; i++) {
                normalized[i] = (x.get(row, i) - mean) * scale;
                double dNormalized = dOut.get(row, i) * gain.value().get(i);
                meanGradient += dNormalized / D;
                meanProduct += dNormalized * normalized[i] / D;
                add(gain.gradient(), 0, i, dOut.get(row, i) * normalized[i]);
                add(bias.gradient(), 0, i, dOut.get(row, i));
            }
            for (int i = 0; i < D; i++) {
                double dNormalized = dOut.get(row, i) * gain.value().get(i);
                add(dx, row, i, scale * (dNormalized - meanGradient - normalized[i] * meanProduct));
            }
        }
    }

    @Override
    public void attention(int heads, boolean causal, AttentionInput input, Tensor dOut, AttentionInput gradient) {
        int segments = input.segments();
        for (int row = input.keyOffset(0); row < input.keyOffset(segments); row++) {
            for (int i = 0; i < input.keys().columns(); i++) {
                gradient.keys().set(row, i, 0);
                gradient.values().set(row, i, 0);
            }
        }
        int headWidth = input.queries().columns() / heads;
        for (int segment = 0; segment < segments; segment++) {
            int firstQuery = input.queryOffset(segment);
            int firstKey = input.keyOffset(segment);
            int allKeys = input.keyOffset(segment + 1) - firstKey;
            int endQuery = input.queryOffset(segment + 1);
            for (int query = firstQuery; query < endQuery; query++) {
                int keys = causal ? allKeys - (endQuery - query - 1) : allKeys;
                for (int head = 0; head < heads; head++) {
                    attend(input, dOut, gradient, new Query(query, firstKey, keys, head * headWidth, headWidth));
                }
            }
        }
    }

    private record Query(int row, int firstKey, int keys, int column, int width) {}

    private static void attend(AttentionInput input, Tensor dOut, AttentionInput gradient, Query query) {
        double scale = 1 / Math.sqrt(query.width);
        double[] weights = new double[query.keys];
        double[] dWeights = new double[query.keys];
        double sum = 0;
        double max = Double.NEGATIVE_INFINITY;
        for (int key = 0; key < query.keys; key++) {
            for (int i = query.column; i < query.column + query.width; i++) {
                weights[key] += scale * input.queries().get(query.row, i) * input.keys().get(query.firstKey + key, i);
                dWeights[key] += dOut.get(query.row, i) * input.values().get(query.firstKey + key, i);
            }
            max = Math.max(max, weights[key]);
        }
        for (int key = 0; key < query.keys; key++) {
            weights[key] = Math.exp(weights[key] - max);
            sum += weights[key];
        }
        double mean = 0;
        for (int key = 0; key < query.keys; key++) {
            weights[key] /= sum;
            mean += weights[key] * dWeights[key];
        }
        for (int i = query.column; i < query.column + query.width; i++) {
            double dQuery = 0;
            for (int key = 0; key < query.keys; key++) {
                int row = query.firstKey + key;
                double dScore = scale * weights[key] * (dWeights[key] - mean);
                dQuery += dScore * input.keys().get(row, i);
                add(gradient.keys(), row, i, dScore * input.queries().get(query.row, i));
                add(gradient.values(), row, i, weights[key] * dOut.get(query.row, i));
            }
            gradient.queries().set(query.row, i, dQuery);
        }
    }

    @Override
    public void tokenEmbedding(int[] ids, int[] offsets, int texts, Tensor dOut, Parameter table,
            Parameter positions) {
        for (int text = 0; text < texts; text++) {
            for (int token = offsets[text]; token < offsets[text + 1]; token++) {
                for (int i = 0; i < dOut.columns(); i++) {
                    add(table.gradient(), ids[token], i, dOut.get(token, i));
                    add(positions.gradient(), token - offsets[text], i, dOut.get(token, i));
                }
            }
        }
    }

    @Override
    public void imageTokens(Tensor dOut, int images, Parameter classEmbedding, Parameter positions, Tensor dPatches) {
        int T = positions.value().rows();
        for (int row = 0; row < images * T; row++) {
            int token = row % T;
            for (int i = 0; i < positions.value().columns(); i++) {
                add(positions.gradient(), token, i, dOut.get(row, i));
                if (token == 0) {
                    add(classEmbedding.gradient(), 0, i, dOut.get(row, i));
                } else {
                    dPatches.set(row / T * (T - 1) + token - 1, i, dOut.get(row, i));
                }
            }
        }
    }

    @Override
    public void patchEmbedding(ConvolutionShape shape, Tensor x, int images, Tensor dPatches, Parameter weight) {
        int kernel = shape.kernel();
        for (int row = 0; row < images * shape.outHeight() * shape.outWidth(); row++) {
            int left = row % shape.outWidth() * shape.stride() - shape.padding();
            int top = row / shape.outWidth() % shape.outHeight() * shape.stride() - shape.padding();
            int image = row / shape.outWidth() / shape.outHeight();
            for (int k = 0; k < shape.patchLength(); k++) {
                int channel = k / kernel / kernel;
                int pixelY = top + k / kernel % kernel;
                int pixelX = left + k % kernel;
                if (pixelY < 0 || pixelY >= shape.height() || pixelX < 0 || pixelX >= shape.width()) {
                    continue;
                }
                int at = shape.layout() == ConvolutionShape.Layout.CHANNELS_FIRST
                        ? ((image * shape.inChannels() + channel) * shape.height() + pixelY) * shape.width() + pixelX
                        : ((image * shape.height() + pixelY) * shape.width() + pixelX) * shape.inChannels() + channel;
                for (int n = 0; n < shape.outChannels(); n++) {
                    int index = n * shape.patchLength() + k;
                    weight.gradient().set(index, weight.gradient().get(index) + dPatches.get(row, n) * x.get(at));
                }
            }
        }
    }

    @Override
    public void scatterAdd(Tensor dOut, int[] rows, int count, Tensor dx) {
        for (int row = 0; row < count; row++) {
            for (int i = 0; i < dOut.columns(); i++) {
                add(dx, rows[row], i, dOut.get(row, i));
            }
        }
    }

    @Override
    public void l2Normalize(Tensor x, Tensor dOut, int rows, Tensor dx) {
        for (int row = 0; row < rows; row++) {
            double squares = 0;
            double product = 0;
            for (int i = 0; i < x.columns(); i++) {
                squares += x.get(row, i) * x.get(row, i);
                product += x.get(row, i) * dOut.get(row, i);
            }
            for (int i = 0; i < x.columns(); i++) {
                double along = x.get(row, i) * product / squares;
                dx.set(row, i, squares == 0 ? 0 : (dOut.get(row, i) - along) / Math.sqrt(squares));
            }
        }
    }

    private static void add(Tensor to, int row, int column, double value) {
        to.set(row, column, to.get(row, column) + value);
    }

    @Override
    public void close() {}
}
