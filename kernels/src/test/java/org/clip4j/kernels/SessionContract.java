package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every operation: the same bits again, on any thread, without a byte of garbage. */
interface SessionContract extends BackendFixture {
    /** Calls whose allocations are counted. */
    int MEASURED_CALLS = 1_000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    default void noOperationAllocates(int threads) {
        ThreadMXBean threadBean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Trial trial = trial(threads)) {
            Map<String, Runnable> operations = OperationSet.of(trial).calls(trial.context);
            List<String> allocating = new ArrayList<>();
            for (Map.Entry<String, Runnable> operation : operations.entrySet()) {
                Runnable call = operation.getValue();
                long bytes = allocatedBytes(threadBean, call);
                // The JVM itself may allocate while it compiles or deoptimises: that happens once, garbage every time.
                for (int warmUp = 0; warmUp < 5 && bytes != 0; warmUp++) {
                    bytes = allocatedBytes(threadBean, call);
                }
                if (bytes != 0) {
                    allocating.add(operation.getKey() + ": bytes=" + bytes + " calls=" + MEASURED_CALLS);
                }
            }
            assertThat(allocating).as("operations that allocate").isEmpty();
        }
    }

    private static long allocatedBytes(ThreadMXBean threadBean, Runnable call) {
        for (int i = 0; i < 200; i++) {
            call.run();
        }
        long before = threadBean.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < MEASURED_CALLS; i++) {
            call.run();
        }
        return threadBean.getCurrentThreadAllocatedBytes() - before;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    default void sameCallGivesTheSameBits(int threads) {
        try (Trial trial = trial(threads)) {
            OperationSet operations = OperationSet.of(trial);
            int[] first = operations.bits(trial.context);
            for (int i = 0; i < 20; i++) {
                assertThat(operations.bits(trial.context)).as("seed=%d round=%d", trial.seed, i).isEqualTo(first);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    default void concurrentSessionsShareOperations(int threads) throws InterruptedException, ExecutionException {
        try (Trial trial = trial(threads)) {
            OperationSet operations = OperationSet.of(trial);
            int[] expected = operations.bits(trial.context);
            ExecutorService callers = Executors.newFixedThreadPool(4);
            try {
                List<Future<?>> sessions = new ArrayList<>();
                for (int session = 0; session < 4; session++) {
                    OperationSet own = operations.withOwnWorkspace(trial);
                    sessions.add(callers.submit(() -> {
                        try (ExecutionContext context = trial.backend.newContext()) {
                            for (int i = 0; i < 25; i++) {
                                assertThat(own.bits(context)).as("seed=%d", trial.seed).isEqualTo(expected);
                            }
                        }
                    }));
                }
                for (Future<?> session : sessions) {
                    session.get();
                }
            } finally {
                callers.shutdown();
            }
        }
    }

    @Test
    default void refusesToRunInAClosedContext() {
        try (Trial trial = trial(2)) {
            Tensor x = trial.normal(2, 8);
            ExecutionContext closed = trial.backend.newContext();
            closed.close();
            closed.close();
            LayerNorm layerNorm = trial.backend.layerNorm(trial.arena, trial.normal(8), trial.normal(8), 1e-5f);
            assertThatThrownBy(() -> layerNorm.run(closed, x, 2, x)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    default void refusesToRunAfterClose(int threads) {
        Backend backend = open(threads);
        try (Arena arena = backend.newArena(); ExecutionContext context = backend.newContext()) {
            Tensor x = arena.allocate(DType.F32, 2, 8);
            L2Normalize l2Normalize = backend.l2Normalize(8);
            l2Normalize.run(context, x, 2, x);
            backend.close();
            backend.close();
            assertThatThrownBy(() -> l2Normalize.run(context, x, 2, x)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    default void aFailedCallLeavesTheContextUsable() {
        try (Trial trial = trial(2)) {
            OperationSet operations = OperationSet.of(trial);
            int[] expected = operations.bits(trial.context);
            Tensor x = trial.normal(2, 7);
            assertThatThrownBy(() -> trial.backend.rowGather(7).run(trial.context, x, new int[]{2}, 1, x))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> trial.context.upload(FloatBuffer.allocate(1), 0, x, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(operations.bits(trial.context)).isEqualTo(expected);
        }
    }
}
