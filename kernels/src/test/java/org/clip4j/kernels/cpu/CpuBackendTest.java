package org.clip4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Test;

/** What happens when an engine fails. */
class CpuBackendTest {
    /** An engine whose products, lanes and memory can be made to fail. */
    private static final class FragileEngine implements MatrixEngine {
        private final MatrixEngine sound = new JavaMatrixEngine();
        private final AtomicInteger opened = new AtomicInteger();
        private final AtomicInteger closed = new AtomicInteger();
        private volatile boolean failsOffMainThread;
        private final CountDownLatch workerHasFailed = new CountDownLatch(1);
        private volatile boolean outOfMemory;
        private int lanesAllowed = Integer.MAX_VALUE;

        @Override
        public String description() {
            return "fragile";
        }

        @Override
        public MemoryAllocator allocator() {
            return sizeBytes -> {
                if (outOfMemory) {
                    throw new OutOfMemoryError("sizeBytes=" + sizeBytes);
                }
                return MemoryAllocator.JDK.allocate(sizeBytes);
            };
        }

        @Override
        public Tensor accept(Tensor weights) {
            return weights;
        }

        @Override
        public MatrixLane newLane() {
            if (opened.get() == lanesAllowed) {
                throw new IllegalStateException("no more lanes");
            }
            opened.incrementAndGet();
            MatrixLane lane = sound.newLane();
            return new MatrixLane() {
                @Override
                public void multiply(MatrixProduct product) {
                    if (failsOffMainThread) {
                        fail();
                    }
                    lane.multiply(product);
                }

                @Override
                public void close() {
                    closed.incrementAndGet();
                    lane.close();
                }
            };
        }

        /** Parts go to whichever thread is free: the caller waits here, or it might do them all. */
        private void fail() {
            if (Thread.currentThread().getName().startsWith("clip4j-worker-")) {
                workerHasFailed.countDown();
                throw new IllegalArgumentException("broken product");
            }
            try {
                assertThat(workerHasFailed.await(1, TimeUnit.MINUTES)).as("a worker has taken a part").isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted while waiting for the worker", e);
            }
        }
    }

    @Test
    void aWorkersExceptionReachesTheCallerAndTheTeamStaysUsable() {
        FragileEngine engine = new FragileEngine();
        try (CpuBackend backend = new CpuBackend("fragile", engine, new JavaRowKernels(), 2);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            Tensor x = arena.allocate(DType.F32, 2, 4);
            x.set(1, 3, 2);
            Tensor weight = arena.allocate(DType.F32, 64, 4);
            weight.set(63, 3, 3);
            Linear linear = backend.linear(arena, weight, null, Activation.NONE);
            Tensor out = arena.allocate(DType.F32, 2, 64);
            engine.failsOffMainThread = true;
            assertThatThrownBy(() -> linear.run(context, x, 2, out)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("broken product").hasCauseInstanceOf(IllegalArgumentException.class);
            engine.failsOffMainThread = false;
            linear.run(context, x, 2, out);
            assertThat(out.get(1, 63)).isEqualTo(6);
        }
    }

    @Test
    void scratchIsNotUsedAgainAfterItsGrowthFailed() {
        FragileEngine engine = new FragileEngine();
        try (CpuLane lane = new CpuLane(engine)) {
            Tensor small = lane.scratch(100);
            assertThat(lane.scratch(50)).isSameAs(small);
            assertThat(lane.scratch(100)).isSameAs(small);
            engine.outOfMemory = true;
            assertThatThrownBy(() -> lane.scratch(1_000_000)).isInstanceOf(OutOfMemoryError.class);
            assertThatThrownBy(() -> lane.scratch(50)).isInstanceOf(OutOfMemoryError.class);
            engine.outOfMemory = false;
            Tensor fresh = lane.scratch(50);
            assertThat(fresh).isNotSameAs(small);
            fresh.set(49, 1);
        }
    }

    @Test
    void aContextThatCannotBeOpenedClosesItsLanes() {
        FragileEngine engine = new FragileEngine();
        try (CpuBackend backend = new CpuBackend("fragile", engine, new JavaRowKernels(), 3)) {
            engine.lanesAllowed = 2;
            assertThatThrownBy(backend::newContext).hasMessage("no more lanes");
            assertThat(engine.closed).hasValue(2);
        }
    }

    @Test
    void aClosedContextClosesEachLaneOnce() {
        FragileEngine engine = new FragileEngine();
        try (CpuBackend backend = new CpuBackend("fragile", engine, new JavaRowKernels(), 3)) {
            ExecutionContext context = backend.newContext();
            context.close();
            context.close();
            assertThat(engine.closed).hasValue(3);
        }
    }

    @Test
    void refusesScoresThatAnIndexCannotCount() {
        FragileEngine engine = new FragileEngine();
        try (CpuBackend backend = new CpuBackend("fragile", engine, new JavaRowKernels(), 1);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            Tensor qkv = arena.allocate(DType.F32, 1 << 16, 3);
            AttentionInput input = AttentionInput.packed(qkv);
            int[] offsets = {0, 1 << 16};
            input.segments(offsets, offsets, 1);
            Tensor out = arena.allocate(DType.F32, 1 << 16, 1);
            assertThatThrownBy(() -> backend.attention(1, 1, false).run(context, input, out))
                    .isInstanceOf(ArithmeticException.class);
        }
    }
}
