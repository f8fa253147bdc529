package org.clip4j.kernels.cpu;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/**
 * Products in f32 only choose candidates: those that are not below the k-th score so far by more than their rounding are
 * scored anew in double precision, so that results do not depend on what multiplies or on the cut. Each part of the rows
 * has a sorted list per query; a second pass merges these.
 */
final class CpuNearestRows implements NearestRows, CpuOperation {
    /** Queries of one pass over the rows. */
    static final int MAX_QUERIES = 256;

    private final NearestStore store;
    private final PartScan scan;

    private CpuNearestRows(NearestStore store, PartScan scan) {
        this.store = store;
        this.scan = scan;
    }

    /**
     * Over the rows of a store.
     *
     * @param nativeScan what passes over them, or null for Java
     */
    static CpuNearestRows of(NearestStore store, NearestScan nativeScan) {
        PartScan scan;
        if (nativeScan != null) {
            scan = new NativeScan(nativeScan, store, store.coded());
        } else {
            scan = store.coded() == null ? new ProductScan(store) : new CodedScan(store, store.coded());
        }
        return new CpuNearestRows(store, scan);
    }

    @Override
    public int width() {
        return store.width();
    }

    @Override
    public int capacityRows() {
        return store.blocks().rows();
    }

    @Override
    public DType stored() {
        return store.blocks().dtype();
    }

    @Override
    public void set(ExecutionContext context, int firstRow, Tensor rows, int count) {
        Operands.checkNearestSet(this, store.fixed(), firstRow, rows, count);
        CpuContext.call(context, this);
        store.set(firstRow, rows, count);
    }

    @Override
    public void run(ExecutionContext context, Tensor queries, int count, int rows, int k, Tensor scores,
            Tensor indices) {
        Operands.checkNearest(this, queries, count, rows, k, scores, indices);
        for (int first = 0; first < count; first += MAX_QUERIES) {
            CpuCall call = CpuContext.call(context, this);
            call.x = queries;
            call.out = scores;
            call.nearest.set(first, Math.min(MAX_QUERIES, count - first), rows, k, indices);
            int parts = scanParts(call, CpuContext.lanes(context));
            call.nearest.lists(CpuContext.scratch(context, call.nearest.listFloats(parts)), parts);
            call.preparing = true;
            CpuContext.run(context);
            call.preparing = false;
            CpuContext.run(context);
        }
    }

    private int scanParts(CpuCall call, int lanes) {
        int steps = (call.nearest.rows + scan.stepRows() - 1) / scan.stepRows();
        return Math.min(CpuOperation.super.parts(call, lanes), steps);
    }

    @Override
    public int parts(CpuCall call, int lanes) {
        return call.preparing ? call.nearest.parts : Math.min(call.nearest.queries, lanes);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        if (call.preparing) {
            int rows = call.nearest.rows;
            scan.scan(call, lane, part, CpuOperation.share(rows, scan.stepRows(), part, parts),
                    CpuOperation.share(rows, scan.stepRows(), part + 1, parts));
        } else {
            merge(call, lane.nearest(), part, parts);
        }
    }

    private void merge(CpuCall call, NearestLane own, int part, int parts) {
        NearestCall nearest = call.nearest;
        FloatBuffer scores = call.out.floats();
        ByteBuffer indices = nearest.indices.bytes();
        int end = CpuOperation.share(nearest.queries, part + 1, parts);
        for (int query = CpuOperation.share(nearest.queries, part, parts); query < end; query++) {
            int row = nearest.firstQuery + query;
            own.startMerge(nearest);
            for (int i = 0; i < nearest.k; i++) {
                long key = own.next(nearest, query);
                scores.put(row * call.out.rowStride() + i, NearestKeys.score(key));
                indices.putInt((row * nearest.indices.rowStride() + i) * Integer.BYTES, NearestKeys.row(key));
            }
        }
    }
}
