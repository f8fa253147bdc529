package org.clip4j.benchmarks.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.clip4j.benchmarks.Encoder;
import org.clip4j.kernels.Precision;
import org.junit.jupiter.api.Test;

class SoakTest {
    private static final int CALLS = 250;

    /** Does something that takes a while, and now and then what a good encoder does not do. */
    private static final class Calls implements Encoder {
        private final int garbageEvery;
        private final SpinningControl work = new SpinningControl();
        private long calls;
        private byte[] garbage = {};

        Calls(int garbageEvery) {
            this.garbageEvery = garbageEvery;
            work.lastAbout(100_000);
        }

        @Override
        public void encode() {
            calls++;
            work.spin();
            if (calls % garbageEvery == 0) {
                garbage = new byte[1000 + garbage.length % 2];
            }
        }

        @Override
        public FloatBuffer embeddings() {
            throw new UnsupportedOperationException("nobody asks");
        }

        @Override
        public void close() {}
    }

    private static SoakResult measure(Calls calls) throws IOException {
        try (ResidentMemory memory = new ResidentMemory()) {
            return new Soak(calls).measure("test", CALLS, memory);
        }
    }

    @Test
    void countsEveryCallAndTurn() throws IOException {
        SoakResult result = measure(new Calls(Integer.MAX_VALUE));
        assertThat(result.calls().count()).isEqualTo(CALLS);
        assertThat(result.control().count()).isEqualTo(CALLS);
        assertThat(result.calls().p50()).isBetween(10_000L, result.calls().max());
        assertThat(result.calls().p999()).isBetween(result.calls().p99(), result.calls().max());
        assertThat(result.text()).contains("test", "control", "resident");
    }

    @Test
    void seesASingleObjectInHundredsOfCalls() throws IOException {
        long bytes = Long.MAX_VALUE;
        // The JVM itself allocates a method's texts when it begins to compile it: once.
        for (int round = 0; round < 20 && bytes != 0; round++) {
            bytes = measure(new Calls(Integer.MAX_VALUE)).bytes();
        }
        assertThat(bytes).isZero();
        SoakResult untidy = measure(new Calls(CALLS / 2));
        assertThat(untidy.bytes()).isPositive();
        assertThat(untidy.allocating()).isBetween(1, 2);
        assertThat(measure(new Calls(1)).allocating()).isEqualTo(90);
        assertThat(untidy.isHeapUntouched()).isFalse();
    }

    @Test
    void dividesBothTails() {
        Latencies calls = new Latencies(1000, 100, 110, 180, 500);
        Latencies control = new Latencies(1000, 200, 220, 320, 400);
        SoakResult result = new SoakResult("x", calls, control, 144, 0, 0, 1000, 2000, 3024, 4000, 0);
        assertThat(result.tailRatio()).isEqualTo(1.8 / 1.6);
        assertThat(result.tailHolds()).isTrue();
        assertThat(result.growthKilobytes()).as("the first tenth does not count").isEqualTo(1024);
        assertThat(result.isFlat()).isTrue();
        assertThat(result.isHeapUntouched()).as("nor here").isTrue();
        SoakResult worse = new SoakResult("x", new Latencies(1000, 100, 110, 200, 500), control, 0, 1, 1, 1000, 2000,
                3025,
                4000,
                0);
        assertThat(worse.tailHolds()).isFalse();
        assertThat(worse.isHeapUntouched()).isFalse();
        assertThat(worse.isFlat()).isFalse();
        assertThat(worse.toJson()).containsEntry("tail_holds", false).containsEntry("heap_holds", false)
                .containsEntry("resident_holds", false).containsEntry("growth_kb", 1025L);
    }

    @Test
    void readsArguments() {
        assertThat(SoakOptions.of(new String[0]))
                .isEqualTo(new SoakOptions(100_000, 10_000, "auto", Precision.F32, 1, false, null));
        assertThat(
                SoakOptions.of(new String[]{"--precision", "bf16", "--pin", "--json", "x.json", "--quick", "--images",
                        "0", "--threads", "2", "--backend", "onednn"}))
                .isEqualTo(new SoakOptions(2_000, 0, "onednn", Precision.BF16, 2, true, Path.of("x.json")));
        for (String wrong : new String[]{"--texts", "--nonsense 1", "--texts -1", "--threads 0", "--precision f7"}) {
            assertThatThrownBy(() -> SoakOptions.of(wrong.split(" ", -1))).as(wrong)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
