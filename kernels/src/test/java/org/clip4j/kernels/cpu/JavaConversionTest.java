package org.clip4j.kernels.cpu;

class JavaConversionTest extends ConversionContract {
    @Override
    protected RowKernels kernels() {
        return new JavaRowKernels();
    }

    @Override
    protected MatrixEngine engine() {
        return new JavaMatrixEngine();
    }
}
