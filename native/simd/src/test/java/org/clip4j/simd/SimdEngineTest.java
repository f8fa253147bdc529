package org.clip4j.simd;

import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.MatrixEngineContract;

class SimdEngineTest extends MatrixEngineContract {
    @Override
    protected MatrixEngine engine() {
        BuiltLibrary.require();
        return new SimdEngine(SimdLibrary.kernels(InstructionSet.AVX512VNNI.level()), Precision.F32, "test");
    }
}
