package org.clip4j.openblas;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendContract;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;

class OpenBlasBackendTest extends BackendContract {
    @Override
    public Backend open(int threads) {
        return new OpenBlasBackendProvider().open(new BackendOptions(threads, Precision.F32));
    }
}
