package org.clip4j.training;

import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.openblas.OpenBlasBackendProvider;

class OpenBlasBackwardTest extends CpuBackwardContract {
    @Override
    CpuBackend backend(int threads) {
        return (CpuBackend) new OpenBlasBackendProvider().open(new BackendOptions(threads, Precision.F32));
    }
}
