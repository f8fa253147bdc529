package org.clip4j.simd;

import org.bytedeco.javacpp.Loader;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.LayerWeights;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.MatrixLane;
import org.clip4j.kernels.cpu.MatrixProduct;
import org.clip4j.kernels.cpu.PackedLayer;

/** Layers packed for the processor at hand, and products of anything else. */
final class SimdEngine implements MatrixEngine {
    private final SimdMemory memory = new SimdMemory();
    private final long kernels;
    private final Precision precision;
    private final String description;

    /**
     * Makes an engine; the library is loaded.
     *
     * @param kernels of {@link SimdLibrary#kernels}
     */
    SimdEngine(long kernels, Precision precision, String description) {
        this.kernels = kernels;
        this.precision = precision;
        this.description = description;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public MemoryAllocator allocator() {
        return memory;
    }

    @Override
    public Tensor accept(Tensor weights) {
        return NativeMemory.withAddress(weights);
    }

    @Override
    public boolean packs() {
        return true;
    }

    @Override
    public PackedLayer pack(Arena arena, LayerWeights weights, Workers workers) {
        return SimdLayer.pack(kernels, arena, weights, workers);
    }

    @Override
    public String packing(int lanes) {
        // The least instruction set has the same name on all architectures, and panels of its own on each.
        String architecture = Loader.getPlatform().replaceFirst("^[^-]*-", "");
        return "simd" + SimdLibrary.packingVersion() + "-" + architecture + "-" + SimdLibrary.name(kernels) + "-"
                + precision.label();
    }

    @Override
    public PackedLayer adopt(Arena arena, PackedWeights packed, Activation activation, int lanes) {
        return SimdLayer.adopt(kernels, packed, activation, lanes);
    }

    @Override
    public PackedLayer readingPatches(ConvolutionShape shape, PackedLayer layer) {
        return shape.isPointwise() ? layer : new SimdConvolution(shape, (SimdLayer) layer);
    }

    @Override
    public MatrixLane newLane() {
        return new Lane();
    }

    private final class Lane implements MatrixLane {
        private Arena arena;
        private long scratch;

        @Override
        public void multiply(MatrixProduct product) {
            SimdLibrary.product(kernels, product.a().address(), product.a().stride(), product.transposeA(),
                    product.b().address(), product.b().stride(), product.transposeB(), product.c().address(),
                    product.c().stride(), product.m(), product.n(), product.k(), product.scale(), product.accumulate(),
                    scratch());
        }

        /** Allocated at the first product: where layers are all that is computed, there is none. */
        private long scratch() {
            if (arena == null) {
                arena = new Arena(memory);
                scratch = arena.allocate(DType.F32, SimdLibrary.productScratchFloats()).address();
            }
            return scratch;
        }

        @Override
        public void close() {
            if (arena != null) {
                arena.close();
                arena = null;
            }
        }
    }
}
