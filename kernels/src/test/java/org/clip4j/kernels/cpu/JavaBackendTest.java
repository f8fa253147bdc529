package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendContract;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;

class JavaBackendTest extends BackendContract {
    @Override
    public Backend open(int threads) {
        return new JavaBackendProvider().open(new BackendOptions(threads, Precision.F32));
    }
}
