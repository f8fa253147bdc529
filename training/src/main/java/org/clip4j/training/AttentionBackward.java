package org.clip4j.training;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.LaneTask;
import org.clip4j.kernels.cpu.RowMath;

/** Five matrix products per segment and head around a softmax; the pairs of segment and head are dealt out to lanes. */
final class AttentionBackward implements LaneTask {
    private final int heads;
    private final int headWidth;
    private final boolean causal;
    private final float scale;
    private final AttentionInput input;
    private final Tensor dOut;
    private final AttentionInput gradient;

    AttentionBackward(int heads, boolean causal, AttentionInput input, Tensor dOut, AttentionInput gradient) {
        this.heads = heads;
        this.headWidth = input.queries().columns() / heads;
        this.causal = causal;
        this.scale = (float) (1 / Math.sqrt(headWidth));
        this.input = input;
        this.dOut = dOut;
        this.gradient = gradient;
    }

    @Override
    public void run(CpuLane lane, int index, int lanes) {
        int pairs = input.segments() * heads;
        int end = LaneTask.share(pairs, index + 1, lanes);
        for (int pair = LaneTask.share(pairs, index, lanes); pair < end; pair++) {
            backward(lane, pair / heads, pair % heads * headWidth);
        }
    }

    private void backward(CpuLane lane, int segment, int column) {
        int firstQuery = input.queryOffset(segment);
        int queries = input.queryOffset(segment + 1) - firstQuery;
        int firstKey = input.keyOffset(segment);
        int keys = input.keyOffset(segment + 1) - firstKey;
        if (queries == 0) {
            clear(lane, gradient.keys(), firstKey, keys, column);
            clear(lane, gradient.values(), firstKey, keys, column);
            return;
        }
        int size = Math.multiplyExact(queries, keys);
        Tensor scratch = lane.scratch(Math.multiplyExact(2, size)); // weights, then their gradients: [queries,keys] each
        left(lane, input.queries(), firstQuery, column);
        rightTransposed(lane, input.keys(), firstKey, column);
        lane.product().c(scratch, 0, keys, false).size(queries, keys, headWidth, scale);
        lane.multiply(); // scores = q * k'
        for (int query = 0; query < queries; query++) {
            lane.rows().softmax(scratch.floats(), query * keys, causal ? keys - queries + query + 1 : keys, keys);
        }
        left(lane, dOut, firstQuery, column);
        rightTransposed(lane, input.values(), firstKey, column);
        lane.product().c(scratch, size, keys, false).size(queries, keys, headWidth, 1f);
        lane.multiply(); // dWeights = dOut * v'
        lane.product().aTransposed(scratch, 0, keys);
        right(lane, dOut, firstQuery, column);
        into(lane, gradient.values(), firstKey, column);
        lane.product().size(keys, headWidth, queries, 1f);
        lane.multiply(); // dV = weights' * dOut
        for (int query = 0; query < queries; query++) {
            softmaxBackward(lane.rows(), scratch.floats(), query * keys, size + query * keys, keys);
        }
        lane.product().a(scratch, size, keys);
        right(lane, input.keys(), firstKey, column);
        into(lane, gradient.queries(), firstQuery, column);
        lane.product().size(queries, headWidth, keys, scale);
        lane.multiply(); // dQ = dScores * k
        lane.product().aTransposed(scratch, size, keys);
        right(lane, input.queries(), firstQuery, column);
        into(lane, gradient.keys(), firstKey, column);
        lane.product().size(keys, headWidth, queries, scale);
        lane.multiply(); // dK = dScores' * q
    }

    private static void left(CpuLane lane, Tensor tensor, int row, int column) {
        lane.product().a(tensor, row * tensor.rowStride() + column, tensor.rowStride());
    }

    private static void rightTransposed(CpuLane lane, Tensor tensor, int row, int column) {
        lane.product().bTransposed(tensor, row * tensor.rowStride() + column, tensor.rowStride());
    }

    private static void right(CpuLane lane, Tensor tensor, int row, int column) {
        lane.product().b(tensor, row * tensor.rowStride() + column, tensor.rowStride());
    }

    private static void into(CpuLane lane, Tensor tensor, int row, int column) {
        lane.product().c(tensor, row * tensor.rowStride() + column, tensor.rowStride(), false);
    }

    /** dScores = weights * (dWeights - sum(weights * dWeights)), in the place of dWeights. */
    private static void softmaxBackward(RowMath math, FloatBuffer floats, int weights, int gradients, int keys) {
        float[] weight = math.row();
        float[] dWeight = math.other();
        double mean = 0;
        for (int at = 0; at < keys; at += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, keys - at);
            floats.get(weights + at, weight, 0, length);
            floats.get(gradients + at, dWeight, 0, length);
            mean += RowMath.dot(weight, dWeight, length);
        }
        float shift = (float) mean;
        for (int at = 0; at < keys; at += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, keys - at);
            floats.get(weights + at, weight, 0, length);
            floats.get(gradients + at, dWeight, 0, length);
            for (int i = 0; i < length; i++) {
                dWeight[i] = weight[i] * (dWeight[i] - shift);
            }
            floats.put(gradients + at, dWeight, 0, length);
        }
    }

    private void clear(CpuLane lane, Tensor tensor, int firstRow, int rows, int column) {
        float[] zeros = lane.rows().row();
        Arrays.fill(zeros, 0f);
        for (int row = firstRow; row < firstRow + rows; row++) {
            for (int i = 0; i < headWidth; i += RowMath.BLOCK) {
                tensor.floats().put(row * tensor.rowStride() + column + i, zeros, 0,
                        Math.min(RowMath.BLOCK, headWidth - i));
            }
        }
    }
}
