package org.clip4j.kernels.cpu;

class JavaMatrixEngineTest extends MatrixEngineContract {
    @Override
    protected MatrixEngine engine() {
        return new JavaMatrixEngine();
    }
}
