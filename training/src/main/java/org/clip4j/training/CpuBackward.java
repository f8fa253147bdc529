package org.clip4j.training;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.LaneTask;
import org.clip4j.kernels.cpu.PatchGather;
import org.clip4j.kernels.cpu.RowMath;

/**
 * Backward passes in f32 on a CPU backend: its matrix products, and loops over heap rows on its threads. Tensors must be
 * F32 from the backend's own arenas. Every sum has one order for a given number of threads, so that results are
 * deterministic.
 */
public final class CpuBackward implements BackwardOperations {
    /** Columns are dealt out in whole cache lines, so that two lanes never write to the same one. */
    private static final int COLUMN_GROUP = 16;

    private final CpuBackend backend;
    private final ExecutionContext context;
    private final LayerNormBackward layerNorm;
    private Arena patchArena;
    private Tensor patches;

    /** Opens a context of the backend, which must stay open until {@link #close}. */
    public CpuBackward(CpuBackend backend) {
        this.backend = backend;
        this.context = backend.newContext();
        this.layerNorm = new LayerNormBackward(backend.threads());
    }

    @Override
    public void zero(Tensor x, int rows) {
        float[] zeros = new float[Math.min(x.columns(), RowMath.BLOCK)];
        for (int row = 0; row < rows; row++) {
            for (int at = 0; at < x.columns(); at += zeros.length) {
                x.floats().put(row * x.rowStride() + at, zeros, 0, Math.min(zeros.length, x.columns() - at));
            }
        }
    }

    @Override
    public void activate(Activation activation, Tensor sums, int rows, Tensor out) {
        int columns = sums.columns();
        backend.run(context, (lane, index, lanes) -> {
            int end = LaneTask.share(rows, index + 1, lanes);
            for (int row = LaneTask.share(rows, index, lanes); row < end; row++) {
                for (int at = 0; at < columns; at += RowMath.BLOCK) {
                    int length = Math.min(RowMath.BLOCK, columns - at);
                    sums.floats().get(row * sums.rowStride() + at, lane.rows().row(), 0, length);
                    lane.rows().activate(activation, length);
                    out.floats().put(row * out.rowStride() + at, lane.rows().row(), 0, length);
                }
            }
        });
    }

    @Override
    public void linear(Tensor x, Parameter weight, Parameter bias, Tensor dOut, int rows, Tensor dx) {
        int n = weight.value().rows();
        int k = weight.value().columns();
        backend.run(context, (lane, index, lanes) -> {
            int from = LaneTask.share(n, COLUMN_GROUP, index, lanes);
            int to = LaneTask.share(n, COLUMN_GROUP, index + 1, lanes);
            if (from < to) {
                lane.product().aTransposed(dOut, from, dOut.rowStride()).b(x, 0, x.rowStride())
                        .c(weight.gradient(), from * k, k, true).size(to - from, k, rows, 1f);
                lane.multiply(); // [to-from,K] += [rows,to-from]' * [rows,K]
                if (bias != null) {
                    addColumnSums(dOut, rows, from, to, bias.gradient(), lane.rows().row());
                }
            }
            int fromRow = LaneTask.share(rows, index, lanes);
            int toRow = LaneTask.share(rows, index + 1, lanes);
            if (dx != null && fromRow < toRow) {
                lane.product().a(dOut, fromRow * dOut.rowStride(), dOut.rowStride()).b(weight.value(), 0, k)
                        .c(dx, fromRow * dx.rowStride(), dx.rowStride(), false).size(toRow - fromRow, k, n, 1f);
                lane.multiply(); // [rows,K] = [rows,N] * [N,K]
            }
        });
    }

    @Override
    public void projection(Tensor x, Parameter projection, Tensor dOut, int rows, Tensor dx) {
        int width = projection.value().rows();
        int embedDim = projection.value().columns();
        backend.run(context, (lane, index, lanes) -> {
            int from = LaneTask.share(width, COLUMN_GROUP, index, lanes);
            int to = LaneTask.share(width, COLUMN_GROUP, index + 1, lanes);
            if (from < to) {
                lane.product().aTransposed(x, from, x.rowStride()).b(dOut, 0, dOut.rowStride())
                        .c(projection.gradient(), from * embedDim, embedDim, true).size(to - from, embedDim, rows, 1f);
                lane.multiply(); // [to-from,E] += [rows,to-from]' * [rows,E]
            }
            int fromRow = LaneTask.share(rows, index, lanes);
            int toRow = LaneTask.share(rows, index + 1, lanes);
            if (fromRow < toRow) {
                lane.product().a(dOut, fromRow * dOut.rowStride(), dOut.rowStride())
                        .bTransposed(projection.value(), 0, embedDim)
                        .c(dx, fromRow * dx.rowStride(), dx.rowStride(), false)
                        .size(toRow - fromRow, width, embedDim, 1f);
                lane.multiply(); // [rows,D] = [rows,E] * [D,E]'
            }
        });
    }

    /** sums[from..to) += the sums of the columns of x, with compensation. */
    private static void addColumnSums(Tensor x, int rows, int from, int to, Tensor sums, float[] row) {
        float[] totals = new float[Math.min(RowMath.BLOCK, to - from)];
        float[] lost = new float[totals.length];
        for (int at = from; at < to; at += totals.length) {
            int length = Math.min(totals.length, to - at);
            sums.floats().get(at, totals, 0, length);
            Arrays.fill(lost, 0f);
            for (int r = 0; r < rows; r++) {
                x.floats().get(r * x.rowStride() + at, row, 0, length);
                RowMath.addCompensated(totals, lost, row, length);
            }
            for (int i = 0; i < length; i++) {
                totals[i] += lost[i];
            }
            sums.floats().put(at, totals, 0, length);
        }
    }

    @Override
    public void activation(Activation activation, Tensor sums, Tensor dOut, int rows, Tensor dSums) {
        int columns = sums.columns();
        ActivationBackward.require(activation);
        backend.run(context, (lane, index, lanes) -> {
            ActivationBackward backward = new ActivationBackward(lane.rows());
            int end = LaneTask.share(rows, index + 1, lanes);
            for (int row = LaneTask.share(rows, index, lanes); row < end; row++) {
                for (int at = 0; at < columns; at += RowMath.BLOCK) {
                    int length = Math.min(RowMath.BLOCK, columns - at);
                    sums.floats().get(row * sums.rowStride() + at, backward.sums(), 0, length);
                    dOut.floats().get(row * dOut.rowStride() + at, backward.gradient(), 0, length);
                    backward.run(activation, length);
                    dSums.floats().put(row * dSums.rowStride() + at, backward.gradient(), 0, length);
                }
            }
        });
    }

    @Override
    public void layerNorm(Tensor x, Parameter gain, Parameter bias, Tensor dOut, int rows, Tensor dx) {
        layerNorm.bind(x, gain, bias, dOut, rows, dx);
        backend.run(context, layerNorm);
        layerNorm.addPartialSums();
    }

    @Override
    public void attention(int heads, boolean causal, AttentionInput input, Tensor dOut, AttentionInput gradient) {
        backend.run(context, new AttentionBackward(heads, causal, input, dOut, gradient));
    }

    @Override
    public void tokenEmbedding(int[] ids, int[] offsets, int texts, Tensor dOut, Parameter table,
            Parameter positions) {
        int width = dOut.columns();
        backend.run(context, (lane, index, lanes) -> {
            ColumnShare share = new ColumnShare(lane, width, index, lanes);
            for (int text = 0; text < texts; text++) {
                for (int token = offsets[text]; token < offsets[text + 1]; token++) {
                    share.add(dOut, token, table.gradient(), ids[token]);
                    share.add(dOut, token, positions.gradient(), token - offsets[text]);
                }
            }
        });
    }

    @Override
    public void imageTokens(Tensor dOut, int images, Parameter classEmbedding, Parameter positions, Tensor dPatches) {
        int tokens = positions.value().rows();
        int width = positions.value().columns();
        backend.run(context, (lane, index, lanes) -> {
            ColumnShare share = new ColumnShare(lane, width, index, lanes);
            for (int at = 0; at < images * tokens; at++) {
                int token = at % tokens;
                share.add(dOut, at, positions.gradient(), token);
                if (token == 0) {
                    share.add(dOut, at, classEmbedding.gradient(), 0);
                    continue;
                }
                int patch = at / tokens * (tokens - 1) + token - 1;
                share.copy(dOut, at, dPatches, patch);
            }
        });
    }

    /** A lane's columns of rows that are added to one another. */
    private static final class ColumnShare {
        private final float[] sum;
        private final float[] added;
        private final int from;
        private final int to;

        ColumnShare(CpuLane lane, int width, int index, int lanes) {
            sum = lane.rows().row();
            added = lane.rows().other();
            from = LaneTask.share(width, COLUMN_GROUP, index, lanes);
            to = LaneTask.share(width, COLUMN_GROUP, index + 1, lanes);
        }

        /** target[targetRow] += source[row]. */
        void add(Tensor source, int row, Tensor target, int targetRow) {
            for (int at = from; at < to; at += RowMath.BLOCK) {
                int length = Math.min(RowMath.BLOCK, to - at);
                source.floats().get(row * source.rowStride() + at, added, 0, length);
                target.floats().get(targetRow * target.rowStride() + at, sum, 0, length);
                for (int i = 0; i < length; i++) {
                    sum[i] += added[i];
                }
                target.floats().put(targetRow * target.rowStride() + at, sum, 0, length);
            }
        }

        /** target[targetRow] = source[row]. */
        void copy(Tensor source, int row, Tensor target, int targetRow) {
            for (int at = from; at < to; at += RowMath.BLOCK) {
                int length = Math.min(RowMath.BLOCK, to - at);
                source.floats().get(row * source.rowStride() + at, sum, 0, length);
                target.floats().put(targetRow * target.rowStride() + at, sum, 0, length);
            }
        }
    }

    @Override
    public void patchEmbedding(ConvolutionShape shape, Tensor x, int images, Tensor dPatches, Parameter weight) {
        int rows = images * shape.outHeight() * shape.outWidth();
        int length = shape.patchLength();
        FloatBuffer gathered = patches(Math.multiplyExact(rows, length)).floats();
        PatchGather gather = new PatchGather(shape);
        backend.run(context, (lane, index, lanes) -> {
            int from = LaneTask.share(rows, index, lanes);
            int to = LaneTask.share(rows, index + 1, lanes);
            gather.gather(x.floats(), from, to, gathered.slice(from * length, (to - from) * length)); // [rows,3*P*P]
        });
        backend.run(context, (lane, index, lanes) -> {
            int from = LaneTask.share(shape.outChannels(), index, lanes);
            int to = LaneTask.share(shape.outChannels(), index + 1, lanes);
            if (from < to) {
                lane.product().aTransposed(dPatches, from, dPatches.rowStride()).b(patches, 0, length)
                        .c(weight.gradient(), from * length, length, true).size(to - from, length, rows, 1f);
                lane.multiply(); // [to-from,3*P*P] += [rows,to-from]' * [rows,3*P*P]
            }
        });
    }

    private Tensor patches(int floats) {
        if (patches == null || patches.elements() < floats) {
            freePatches();
            patchArena = backend.newArena();
            patches = patchArena.allocate(DType.F32, floats);
        }
        return patches;
    }

    private void freePatches() {
        patches = null;
        if (patchArena != null) {
            patchArena.close();
            patchArena = null;
        }
    }

    @Override
    public void scatterAdd(Tensor dOut, int[] rows, int count, Tensor dx) {
        int width = dOut.columns();
        backend.run(context, (lane, index, lanes) -> {
            ColumnShare share = new ColumnShare(lane, width, index, lanes);
            for (int row = 0; row < count; row++) {
                share.add(dOut, row, dx, rows[row]);
            }
        });
    }

    @Override
    public void l2Normalize(Tensor x, Tensor dOut, int rows, Tensor dx) {
        int width = x.columns();
        backend.run(context, (lane, index, lanes) -> {
            float[] values = new float[width];
            float[] gradient = new float[width];
            int end = LaneTask.share(rows, index + 1, lanes);
            for (int row = LaneTask.share(rows, index, lanes); row < end; row++) {
                x.floats().get(row * x.rowStride(), values, 0, width);
                dOut.floats().get(row * dOut.rowStride(), gradient, 0, width);
                double squares = RowMath.dot(values, values, width);
                double product = RowMath.dot(values, gradient, width);
                double scale = squares == 0 ? 0 : 1 / Math.sqrt(squares);
                double along = squares == 0 ? 0 : product / squares;
                for (int i = 0; i < width; i++) {
                    gradient[i] = (float) ((gradient[i] - along * values[i]) * scale);
                }
                dx.floats().put(row * dx.rowStride(), gradient, 0, width);
            }
        });
    }

    /** Frees scratch memory; tensors that were passed in are the caller's. */
    @Override
    public void close() {
        freePatches();
        context.close();
    }
}
