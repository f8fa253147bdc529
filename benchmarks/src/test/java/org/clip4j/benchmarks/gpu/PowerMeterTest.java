package org.clip4j.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

class PowerMeterTest {
    @Test
    void readsNumbersAndNothingElse() {
        assertThat(PowerMeter.watts("71.29")).isEqualTo(71.29);
        assertThat(PowerMeter.watts(" 350 W")).isEqualTo(350);
        assertThat(PowerMeter.watts("[N/A]")).isNaN();
        assertThat(PowerMeter.watts("Field \"power.draw.instant\" is not a valid field to query.")).isNaN();
        assertThat(PowerMeter.watts("")).isNaN();
    }

    @Test
    void hasNothingToSayWithoutTheProgram() {
        try (PowerMeter meter = PowerMeter.start(List.of("no-such-program-of-clip4j"))) {
            assertThat(meter.meanWatts(0, Long.MAX_VALUE)).isNaN();
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // a shell prints the samples
    void averagesWhatWasPrintedMeanwhile() throws Exception {
        long start = System.nanoTime();
        try (PowerMeter meter = PowerMeter
                .start(List.of("sh", "-c",
                        "for i in 1 2 3 4 5 6; do echo 100; echo '[N/A]'; echo 200; done; sleep 60"))) {
            double watts = Double.NaN;
            for (int tries = 0; tries < 500 && !(watts == 150); tries++) {
                Thread.sleep(10);
                // Reaches back so far that all samples lie behind the first quarter.
                long now = System.nanoTime();
                watts = meter.meanWatts(start - 10 * (now - start), now);
            }
            assertThat(watts).isEqualTo(150);
            assertThat(meter.meanWatts(start - 2_000_000_000L, start - 1_000_000_000L)).isNaN();
        }
    }
}
