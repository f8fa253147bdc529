package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Tensor;

/**
 * Two matrix products of the engine per segment and head around a softmax in plain Java. Keys and values that do not lie
 * in adjoining rows are copied to a lane's scratch first, a head's columns at a time.
 */
final class JavaAttention implements AttentionOperation {
    private final int heads;
    private final int headWidth;
    private final boolean causal;
    private final float scale;

    JavaAttention(int heads, int headWidth, boolean causal) {
        this.heads = heads;
        this.headWidth = headWidth;
        this.causal = causal;
        this.scale = (float) (1 / Math.sqrt(headWidth));
    }

    @Override
    public void run(CpuLane lane, AttentionInput input, Tensor out, int fromPair, int toPair) {
        for (int pair = fromPair; pair < toPair; pair++) {
            attend(input, pair / heads, pair % heads, out, lane);
        }
    }

    private void attend(AttentionInput input, int segment, int head, Tensor out, CpuLane lane) {
        int firstQuery = input.queryOffset(segment);
        int queries = input.queryOffset(segment + 1) - firstQuery;
        int firstKey = input.keyOffset(segment);
        int keys = input.keyOffset(segment + 1) - firstKey;
        if (queries == 0) {
            return;
        }
        int column = head * headWidth;
        Tensor q = input.queries();
        Tensor k = input.keys();
        Tensor v = input.values();
        boolean adjoin = input.keysAdjoin(segment);
        int kStart = Math.multiplyExact(queries, keys);
        int vStart = kStart + keys * headWidth;
        Tensor scratch = lane.scratch(adjoin ? kStart : vStart + keys * headWidth); // scores [queries,keys], k, v
        MatrixProduct product = lane.product();
        product.a(q, firstQuery * q.rowStride() + column, q.rowStride())
                .c(scratch, 0, keys, false)
                .size(queries, keys, headWidth, scale);
        if (adjoin) {
            product.bTransposed(k, input.keyRow(firstKey) * k.rowStride() + column, k.rowStride());
        } else {
            gather(input, segment, k, column, scratch.floats(), kStart);
            gather(input, segment, v, column, scratch.floats(), vStart);
            product.bTransposed(scratch, kStart, headWidth);
        }
        lane.multiply();
        for (int query = 0; query < queries; query++) {
            lane.rows().softmax(scratch.floats(), query * keys, causal ? keys - queries + query + 1 : keys, keys);
        }
        product.a(scratch, 0, keys)
                .c(out, firstQuery * out.rowStride() + column, out.rowStride(), false)
                .size(queries, headWidth, keys, 1f);
        if (adjoin) {
            product.b(v, input.keyRow(firstKey) * v.rowStride() + column, v.rowStride());
        } else {
            product.b(scratch, vStart, headWidth);
        }
        lane.multiply();
    }

    private void gather(AttentionInput input, int segment, Tensor x, int column, FloatBuffer to, int start) {
        int firstKey = input.keyOffset(segment);
        int keys = input.keyOffset(segment + 1) - firstKey;
        for (int key = 0; key < keys; key++) {
            to.put(start + key * headWidth, x.floats(), input.keyRow(firstKey + key) * x.rowStride() + column,
                    headWidth);
        }
    }
}
