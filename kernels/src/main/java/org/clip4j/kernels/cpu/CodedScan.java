package org.clip4j.kernels.cpu;

import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/** Passes codes of rows by queries in Java, and scores the rows that may be near. */
final class CodedScan implements PartScan {
    private final NearestStore store;
    private final CodedRows coded;

    CodedScan(NearestStore store, CodedRows coded) {
        this.store = store;
        this.coded = coded;
    }

    @Override
    public int stepRows() {
        return RowBlocks.MIN_ROWS;
    }

    @Override
    public void scan(CpuCall call, CpuLane lane, int part, int firstRow, int endRow) {
        NearestLane own = lane.nearest();
        CodedQueries queries = own.startCoded(call, part, store.largestNorm());
        Tensor wide = lane.scratch(store.width());
        byte[] codes = own.codes(store.width());
        for (int row = firstRow; row < endRow; row++) {
            coded.codes().blockOf(row).bytes().get(coded.codes().rowInBlock(row) * store.width(), codes, 0,
                    store.width());
            look(call, own, queries, codes, row, wide);
        }
        own.finish();
    }

    private void look(CpuCall call, NearestLane own, CodedQueries queries, byte[] codes, int row, Tensor wide) {
        int E = store.width();
        Tensor scales = coded.scales().blockOf(row);
        int at = 2 * coded.scales().rowInBlock(row);
        float scale = scales.floats().get(at);
        float lacking = scales.floats().get(at + 1);
        boolean isWide = false;
        for (int q = 0; q < call.nearest.queries; q++) {
            int sum = dot(codes, queries.codes(), q * E, E);
            float most = sum * (scale * queries.scales()[2 * q]) + lacking * queries.scales()[2 * q + 1];
            if (own.mayBeNear(most, q)) {
                if (!isWide) {
                    takeRow(own, row, wide);
                    isWide = true;
                }
                own.add(q, 0);
            }
        }
    }

    private void takeRow(NearestLane own, int row, Tensor wide) {
        Tensor block = store.blocks().blockOf(row);
        int start = store.blocks().rowInBlock(row) * store.width();
        if (block.dtype() == DType.F32) {
            own.rows(block.floats(), start, row);
        } else {
            StoredRows.widen(block, start, store.width(), wide.floats(), 0);
            own.rows(wide.floats(), 0, row);
        }
    }

    private static int dot(byte[] x, short[] y, int start, int length) {
        int sum = 0;
        for (int i = 0; i < length; i++) {
            sum += x[i] * y[start + i];
        }
        return sum;
    }
}
