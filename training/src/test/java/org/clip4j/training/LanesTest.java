package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LanesTest {
    private static final int TASKS = 40;

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void whatATaskThrowsArrivesAsItIs(int threads) throws IOException {
        for (Throwable thrown : new Throwable[]{new OutOfMemoryError("of a task"), new IOException("of a task"),
                new IllegalArgumentException("of a task")}) {
            try (Lanes lanes = new Lanes(threads)) {
                assertThatThrownBy(() -> lanes.run(TASKS, (lane, number) -> fail(number, thrown))).isSameAs(thrown);
                AtomicInteger done = new AtomicInteger();
                lanes.run(TASKS, (lane, number) -> done.incrementAndGet());
                assertThat(done).as("afterwards").hasValue(TASKS);
            }
        }
    }

    private static void fail(int number, Throwable thrown) throws IOException {
        if (number != TASKS / 2) {
            return;
        }
        if (thrown instanceof IOException e) {
            throw e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
        throw (RuntimeException) thrown;
    }
}
