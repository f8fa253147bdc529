package org.clip4j.simd;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendContract;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;

/** What processors without any of the instruction sets run. */
class BaselineBackendTest extends BackendContract {
    @Override
    public Backend open(int threads) {
        BuiltLibrary.require();
        return SimdBackendProvider.open(new BackendOptions(threads, Precision.F32), InstructionSet.BASELINE);
    }
}
