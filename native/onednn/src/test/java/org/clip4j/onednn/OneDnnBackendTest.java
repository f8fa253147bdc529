package org.clip4j.onednn;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendContract;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;

class OneDnnBackendTest extends BackendContract {
    @Override
    public Backend open(int threads) {
        return new OneDnnBackendProvider().open(new BackendOptions(threads, Precision.F32));
    }
}
