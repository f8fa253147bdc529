package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import java.util.Objects;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ImageTokens;
import org.clip4j.kernels.MeanToken;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;

/** The operations that put rows together: copies and additions, too small to be split over threads. */
final class CpuTokenAssembly {
    private CpuTokenAssembly() {}

    static ImageTokens imageTokens(Tensor classEmbedding, Tensor positions) {
        int tokens = positions.rows();
        int width = positions.columns();
        return (context, patches, images, out) -> {
            Operands.requireMatrix("patches", patches, (long) images * (tokens - 1), width);
            Operands.requireMatrix("out", out, (long) images * tokens, width);
            for (int image = 0; image < images; image++) {
                addRow(classEmbedding, 0, positions, 0, out, image * tokens);
                for (int token = 1; token < tokens; token++) {
                    int patch = image * (tokens - 1) + token - 1;
                    addRow(patches, patch, positions, token, out, image * tokens + token);
                }
            }
        };
    }

    static MeanToken meanToken(Tensor positions) {
        int pixels = positions.rows() - 1;
        int width = positions.columns();
        return (context, x, images, out) -> {
            Operands.requireMatrix("pixels", x, (long) images * pixels, width);
            Operands.requireMatrix("out", out, (long) images * (pixels + 1), width);
            FloatBuffer from = x.floats();
            for (int image = 0; image < images; image++) {
                int firstIn = image * pixels;
                int firstOut = image * (pixels + 1);
                for (int i = 0; i < width; i++) {
                    double sum = 0;
                    for (int pixel = 0; pixel < pixels; pixel++) {
                        sum += from.get((firstIn + pixel) * x.rowStride() + i);
                    }
                    out.floats().put(firstOut * out.rowStride() + i,
                            (float) (sum / pixels + positions.floats().get(i)));
                }
                for (int pixel = 0; pixel < pixels; pixel++) {
                    addRow(x, firstIn + pixel, positions, pixel + 1, out, firstOut + pixel + 1);
                }
            }
        };
    }

    static TokenEmbedding tokenEmbedding(Tensor table, Tensor positions) {
        int width = positions.columns();
        boolean single = table.dtype() == DType.F32;
        return (context, ids, places, tokens, out) -> {
            Operands.checkTokens(ids, places, tokens, table.rows(), positions.rows());
            Operands.requireMatrix("out", out, tokens, width);
            for (int token = 0; token < tokens; token++) {
                if (single) {
                    addRow(table, ids[token], positions, places[token], out, token);
                } else {
                    addWidenedRow(table, ids[token], positions, places[token], out, token);
                }
            }
        };
    }

    static RowGather rowGather(int width) {
        return (context, x, rows, count, out) -> {
            Operands.requireMatrix("x", x, 0, width);
            Operands.requireMatrix("out", out, count, width);
            for (int row = 0; row < count; row++) {
                int from = Objects.checkIndex(rows[row], x.rows());
                out.floats().put(row * out.rowStride(), x.floats(), from * x.rowStride(), width);
            }
        };
    }

    private static void addRow(Tensor x, int row, Tensor positions, int position, Tensor out, int outRow) {
        int width = positions.columns();
        FloatBuffer from = x.floats();
        FloatBuffer added = positions.floats();
        FloatBuffer to = out.floats();
        int fromStart = row * x.rowStride();
        int addedStart = position * width;
        int toStart = outRow * out.rowStride();
        for (int i = 0; i < width; i++) {
            to.put(toStart + i, from.get(fromStart + i) + added.get(addedStart + i));
        }
    }

    private static void addWidenedRow(Tensor x, int row, Tensor positions, int position, Tensor out, int outRow) {
        int width = positions.columns();
        for (int i = 0; i < width; i++) {
            float value = (float) x.get(row * width + i);
            out.floats().put(outRow * out.rowStride() + i, value + positions.floats().get(position * width + i));
        }
    }
}
