package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.CpuNearestContract;

class JavaNearestTest extends CpuNearestContract {
    @Override
    public Backend open(int threads) {
        return new CpuBackend("java", new JavaMatrixEngine(), new JavaRowKernels(), threads);
    }
}
