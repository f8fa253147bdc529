package org.clip4j.simd;

import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.NearestPass;
import org.clip4j.kernels.cpu.NearestScan;

/** Searches by the library; see src/main/cpp/search.h. */
final class SimdNearestScan implements NearestScan {
    private final long kernels;

    /**
     * The library is loaded.
     *
     * @param kernels of {@link SimdLibrary#kernels}
     */
    SimdNearestScan(long kernels) {
        this.kernels = kernels;
    }

    @Override
    public Tensor accept(Tensor rows) {
        return NativeMemory.withAddress(rows);
    }

    @Override
    public int scratchFloats(int queries, int width) {
        return SimdLibrary.searchScratchFloats(kernels, queries, width);
    }

    @Override
    public void begin(NearestPass pass) {
        SimdLibrary.beginSearch(kernels, pass.xAddress(), pass.xStride(), pass.queries(), pass.width(), pass.k(),
                pass.keys(), pass.scratch(), pass.xCodes(), pass.xScales());
    }

    @Override
    public void run(NearestPass pass, Tensor block, int rowInBlock, int row, int count) {
        long address = block.address() + (long) rowInBlock * pass.width() * block.dtype().sizeBytes();
        SimdLibrary.search(kernels, LayerForm.number(block.dtype()), address, row, count, pass.width(),
                pass.xAddress(), pass.xStride(), pass.queries(), pass.k(), pass.margins(), pass.keys(),
                pass.scratch(), pass.codes(), pass.scales(), pass.xCodes(), pass.xScales());
    }
}
