package org.clip4j.simd;

import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.ConversionContract;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.RowKernels;

class BaselineConversionTest extends ConversionContract {
    @Override
    protected RowKernels kernels() {
        BuiltLibrary.require();
        return new SimdRowKernels(SimdLibrary.kernels(InstructionSet.BASELINE.level()));
    }

    @Override
    protected MatrixEngine engine() {
        BuiltLibrary.require();
        return new SimdEngine(SimdLibrary.kernels(InstructionSet.BASELINE.level()), Precision.F32, "test");
    }
}
