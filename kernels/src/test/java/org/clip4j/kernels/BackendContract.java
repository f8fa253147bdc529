package org.clip4j.kernels;

/**
 * What every backend must do, compared with {@link org.clip4j.kernels.reference.ReferenceBackend}. A subclass is only a
 * factory. The parts are interfaces, one per group of operations.
 */
public abstract class BackendContract
        implements
            LinearContract,
            PackedContract,
            AttentionContract,
            ConvolutionContract,
            RowContract,
            TokenContract,
            NearestContract,
            SessionContract,
            ParameterContract {
    @Override
    public abstract Backend open(int threads);
}
