package org.clip4j.kernels;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights that are kept between runs. */
interface PackedContract extends BackendFixture {
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    default void packedWeightsAreTakenBack(int threads) {
        PackedTrial.check(() -> open(threads));
    }
}
