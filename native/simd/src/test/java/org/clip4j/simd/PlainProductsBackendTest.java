package org.clip4j.simd;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendContract;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.MatrixLane;

/** The row kernels beside an engine that has products and nothing else, as OpenBLAS is one. */
class PlainProductsBackendTest extends BackendContract {
    @Override
    public Backend open(int threads) {
        BuiltLibrary.require();
        return open(SimdBackendProvider.kernels(), threads);
    }

    static Backend open(long kernels, int threads) {
        SimdEngine engine = new SimdEngine(kernels, Precision.F32, "test");
        return new CpuBackend("plain products", new PlainProducts(engine), new SimdRowKernels(kernels), threads);
    }

    private record PlainProducts(SimdEngine engine) implements MatrixEngine {
        @Override
        public String description() {
            return engine.description();
        }

        @Override
        public MemoryAllocator allocator() {
            return engine.allocator();
        }

        @Override
        public Tensor accept(Tensor weights) {
            return engine.accept(weights);
        }

        @Override
        public MatrixLane newLane() {
            return engine.newLane();
        }
    }
}
