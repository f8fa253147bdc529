package org.clip4j.simd;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.CpuNearestContract;
import org.clip4j.kernels.Precision;

class SimdNearestTest extends CpuNearestContract {
    @Override
    public Backend open(int threads) {
        BuiltLibrary.require();
        return new SimdBackendProvider().open(new BackendOptions(threads, Precision.F32));
    }
}
