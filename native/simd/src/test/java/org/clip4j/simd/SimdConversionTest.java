package org.clip4j.simd;

import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.ConversionContract;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.RowKernels;

class SimdConversionTest extends ConversionContract {
    @Override
    protected RowKernels kernels() {
        BuiltLibrary.require();
        return new SimdRowKernels(SimdLibrary.kernels(InstructionSet.AVX512VNNI.level()));
    }

    @Override
    protected MatrixEngine engine() {
        BuiltLibrary.require();
        return new SimdEngine(SimdLibrary.kernels(InstructionSet.AVX512VNNI.level()), Precision.F32, "test");
    }
}
