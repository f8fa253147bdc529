package org.clip4j.kernels.cpu;

import java.nio.ByteBuffer;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/** Hands a part of the rows to a native module, block by block. */
final class NativeScan implements PartScan {
    /** Each array in scratch begins where a cache line does. */
    private static final int LINE_FLOATS = 16;

    private final NearestScan scan;
    private final NearestStore store;
    /** Null when rows are searched as they are. */
    private final CodedRows coded;

    NativeScan(NearestScan scan, NearestStore store, CodedRows coded) {
        this.scan = scan;
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
        NearestPass pass = begin(call, lane, part);
        RowBlocks blocks = store.blocks();
        for (int row = firstRow; row < endRow;) {
            int count = Math.min(endRow - row, blocks.rowsFrom(row));
            if (coded != null) {
                count = Math.min(count, coded.rowsFrom(row));
                pass.rowCodes(address(coded.codes(), row), address(coded.scales(), row));
            }
            scan.run(own.pass(), blocks.blockOf(row), blocks.rowInBlock(row), row, count);
            row += count;
        }
    }

    private static long address(RowBlocks blocks, int row) {
        Tensor block = blocks.blockOf(row);
        return block.address() + (long) blocks.rowInBlock(row) * blocks.width() * block.dtype().sizeBytes();
    }

    /** Scratch: margins [Q] f64, with codes their scales [Q,2] f32 and the codes [Q,E] i16, then the module's own. */
    private NearestPass begin(CpuCall call, CpuLane lane, int part) {
        NearestCall nearest = call.nearest;
        NearestLane own = lane.nearest();
        int Q = nearest.queries;
        int E = store.width();
        int scales = lines(2 * Q);
        int codes = coded == null ? scales : scales + lines(2 * Q);
        int rest = coded == null ? scales : codes + lines((Q * E + 1) / 2);
        Tensor scratch = lane.scratch(rest + scan.scratchFloats(Q, E));
        ByteBuffer bytes = scratch.bytes();
        long start = scratch.address();
        NearestPass pass = own.pass().queries(call.x, nearest.firstQuery, Q, E, nearest.k)
                .memory(nearest.keysAddress(part), start, start + (long) rest * Float.BYTES);
        if (coded == null) {
            own.start(call, part, store.largestNorm());
        } else {
            CodedQueries queries = own.startCoded(call, part, store.largestNorm());
            for (int i = 0; i < 2 * Q; i++) {
                bytes.putFloat((scales + i) * Float.BYTES, queries.scales()[i]);
            }
            for (int i = 0; i < Q * E; i++) {
                bytes.putShort(codes * Float.BYTES + i * Short.BYTES, queries.codes()[i]);
            }
            pass.queryCodes(start + (long) codes * Float.BYTES, start + (long) scales * Float.BYTES);
        }
        for (int q = 0; q < Q; q++) {
            bytes.putDouble(q * Double.BYTES, own.margin(q));
        }
        scan.begin(pass);
        return pass;
    }

    private static int lines(int floats) {
        return (floats + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
    }
}
