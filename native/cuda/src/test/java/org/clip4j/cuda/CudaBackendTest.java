package org.clip4j.cuda;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendContract;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;

/** The contract in f32, in memory that the tests can look at. */
@RequiresCard
class CudaBackendTest extends BackendContract {
    @Override
    public Backend open(int threads) {
        return CudaBackendProvider.open(new BackendOptions(threads, Precision.F32), CudaBackend.Mode.HOST_MEMORY,
                AlgorithmSearch.Effort.FIRST);
    }
}
