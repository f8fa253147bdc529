package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class CallTimerTest {
    private static final double SECONDS = 0.05;

    private byte[] kept;
    private int calls;

    private static CallTimes millis(int calls) {
        // 1 ms, 2 ms, ... in another order.
        return new CallTimes(LongStream.range(0, calls).map(i -> (1 + i * 7 % calls) * 1_000_000).toArray(), 0);
    }

    @Test
    void percentilesAreTimesOfCalls() {
        CallTimes times = millis(2000);
        assertThat(times.millis(500)).hasValue(1000);
        assertThat(times.millis(990)).hasValue(1980);
        assertThat(times.millis(999)).hasValue(1998);
        assertThat(millis(3).millis(500)).hasValue(2);
        assertThat(millis(1).millis(500)).isEmpty();
    }

    @Test
    void aPercentileNeedsACallBeyondIt() {
        assertThat(millis(99).millis(990)).isEmpty();
        assertThat(millis(100).millis(990)).hasValue(99);
        assertThat(millis(999).millis(999)).isEmpty();
        assertThat(millis(1000).millis(999)).hasValue(999);
    }

    @Test
    void ratesCountSlowCalls() {
        assertThat(new CallTimes(new long[]{100_000_000, 100_000_000, 800_000_000}, 0).callsPerSecond()).isEqualTo(3);
    }

    @Test
    void countsWhatACallAllocates() {
        CallTimer timer = new CallTimer(SECONDS);
        // Header and alignment of an array: at most 32 bytes.
        assertThat(timer.measure(() -> kept = new byte[1000]).bytesPerCall()).isBetween(1000.0, 1032.0);
        assertThat(timer.measure(() -> calls++).bytesPerCall()).isLessThan(1);
        assertThat(kept).hasSize(1000);
    }

    @Test
    void warmsUpBeforeItTimes() {
        CallTimer timer = new CallTimer(SECONDS);
        CallTimes times = timer.measure(() -> {
            calls++;
            long start = System.nanoTime();
            while (System.nanoTime() - start < 1_000_000) {
                Thread.onSpinWait();
            }
        });
        assertThat(times.calls()).isBetween(3, 50);
        // One window; more, unless the machine stops meanwhile.
        assertThat(calls - times.calls()).isGreaterThanOrEqualTo(3);
        assertThat(times.millis(500).orElseThrow()).isGreaterThanOrEqualTo(1);
    }
}
