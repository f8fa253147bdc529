package org.clip4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.LinearTrial;
import org.clip4j.kernels.PackedTrial;
import org.clip4j.kernels.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OneDnnPrecisionTest {
    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"F32", "BF16", "INT8"})
    void staysWithinTheRoundingOfItsTypes(Precision precision) {
        for (int threads = 1; threads <= 2; threads++) {
            check(precision, threads);
        }
    }

    /** All sizes, in one precision. */
    static void check(Precision precision, int threads) {
        LinearTrial.check(() -> open(precision, threads), switch (precision) {
            case BF16 -> LinearTrial.Rounding.bf16(2);
            case INT8 -> LinearTrial.Rounding.integers(64, 127);
            default -> LinearTrial.Rounding.NONE;
        });
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"BF16", "INT8"})
    void packedWeightsAreTakenBack(Precision precision) {
        PackedTrial.check(() -> open(precision, 2));
    }

    private static Backend open(Precision precision, int threads) {
        return new OneDnnBackendProvider().open(new BackendOptions(threads, precision));
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"BF16", "INT8"})
    void aCallAllocatesNothing(Precision precision) {
        ThreadMXBean threadBean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (LinearTrial trial = new LinearTrial(() -> open(precision, 1), LinearTrial.Rounding.NONE, 13, 96, 128)) {
            long bytes = 1;
            // The JVM itself may allocate while it compiles: that happens once, garbage every time.
            for (int round = 0; round < 6 && bytes != 0; round++) {
                long before = threadBean.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1_000; i++) {
                    trial.run(i % 13 + 1);
                }
                bytes = threadBean.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(bytes).isZero();
        }
    }

    @Test
    void refusesWhatItDoesNotOffer() {
        assertThatThrownBy(() -> new OneDnnBackendProvider().open(new BackendOptions(1, Precision.F16)))
                .isInstanceOf(BackendException.class).hasMessageContainingAll("onednn", "asked=f16", "offered=[f32",
                        "choose one");
    }
}
