package org.clip4j.simd;

import java.nio.IntBuffer;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.ResampleAxis;

/** The weights of the axis at hand, packed for the library; those of the last one are kept. One thread. */
final class SimdAxis implements AutoCloseable {
    /** Taps of one vector at most: resample.h, STEP. */
    static final int TAPS_MULTIPLE = 4;

    private final long kernels;
    private final boolean columns;
    private final GrowingBlock weights;
    private final GrowingBlock packed;
    private ResampleAxis axis;
    private long weightsAddress;
    private long packedAddress;
    private int paddedTaps;

    /**
     * None as yet.
     *
     * @param columns whether it is the horizontal one
     */
    SimdAxis(long kernels, MemoryAllocator memory, boolean columns) {
        this.kernels = kernels;
        this.columns = columns;
        this.weights = new GrowingBlock(memory);
        this.packed = new GrowingBlock(memory);
    }

    /** Packs another axis, unless it is the same again. */
    void set(ResampleAxis wanted) {
        if (axis == wanted) {
            return;
        }
        axis = null;
        int count = wanted.count();
        paddedTaps = (wanted.mostTaps() + TAPS_MULTIPLE - 1) / TAPS_MULTIPLE * TAPS_MULTIPLE;
        weightsAddress = weights.reserve((3L * count + wanted.weights().length) * Integer.BYTES);
        IntBuffer ints = weights.bytes().asIntBuffer();
        ints.put(wanted.first()).put(wanted.taps()).put(wanted.start()).put(wanted.weights());
        // resample.h, pack_axis: a pair of taps has two ints, and in columns each of 4 lanes has its own
        int intsPerTap = columns ? 4 : 1;
        packedAddress = packed.reserve((long) count * paddedTaps * intsPerTap * Integer.BYTES);
        SimdLibrary.packAxis(kernels, weightsAddress, count, paddedTaps, columns, packedAddress);
        axis = wanted;
    }

    long weightsAddress() {
        return weightsAddress;
    }

    long packedAddress() {
        return packedAddress;
    }

    int paddedTaps() {
        return paddedTaps;
    }

    @Override
    public void close() {
        axis = null;
        weights.close();
        packed.close();
    }
}
