package org.clip4j.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.PinnedThread;
import org.clip4j.kernels.PinningOrder;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.ThreadAffinity;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class SimdThreadAffinityTest {
    private static final String ALLOWED = "Cpus_allowed_list:";

    @BeforeEach
    void needsTheLibrary() {
        BuiltLibrary.require();
    }

    /** What the system says of each thread of this process whose name begins so. */
    private static String[] allowed(String name) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.filter(task -> read(task.resolve("comm")).startsWith(name))
                    .map(task -> value(read(task.resolve("status")))).sorted().toArray(String[]::new);
        }
    }

    /** The same, when so many threads have come to set their name, or after ten seconds. */
    private static String[] allowedOnceThere(String name, int threads) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (allowed(name).length < threads && System.nanoTime() < deadline) {
            Thread.sleep(1);
        }
        return allowed(name);
    }

    private static String ownAllowed() {
        return value(read(Path.of("/proc/thread-self/status")));
    }

    private static String value(String status) {
        return status.lines().filter(line -> line.startsWith(ALLOWED)).findFirst().orElseThrow()
                .substring(ALLOWED.length()).strip();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return ""; // a thread that has ended meanwhile
        }
    }

    @Test
    void aThreadIsPinnedUntilItIsReleased() {
        int[] granted = PinningOrder.granted();
        String before = ownAllowed();
        for (int processor : granted) {
            try (PinnedThread pinned = PinnedThread.to(processor)) {
                assertThat(pinned.processor()).isEqualTo(processor);
                assertThat(ownAllowed()).isEqualTo(String.valueOf(processor));
                assertThat(ThreadAffinity.find().processors()).containsExactly(processor);
                assertThat(PinningOrder.granted()).as("granted to the process all the same").isEqualTo(granted);
            }
            assertThat(ownAllowed()).isEqualTo(before);
        }
    }

    @Test
    void otherThreadsAreLeftAlone() throws Exception {
        int[] granted = PinningOrder.granted();
        try (PinnedThread pinned = PinnedThread.to(granted[0])) {
            AutoCloseable shared = pinned;
            // Not a thread of a pool, which would go on with the processor that it inherits.
            FutureTask<Throwable> refusal = new FutureTask<>(() -> catchThrowable(shared::close));
            new Thread(refusal, "other").start();
            assertThat(refusal.get()).hasMessageContainingAll("released by itself", Thread.currentThread().getName());
            assertThat(ownAllowed()).isEqualTo(String.valueOf(granted[0]));
        }
    }

    @Test
    void workersAreBoundToAProcessorEach() throws Exception {
        int[] granted = PinningOrder.granted();
        String before = ownAllowed();
        BackendOptions options = new BackendOptions(granted.length, Precision.F32).withPinned(true);
        try (Backend backend = new SimdBackendProvider().open(options)) {
            assertThat(backend.pinnedProcessors()).isEqualTo(granted);
            assertThat(allowed("clip4j-worker")).isEqualTo(
                    Arrays.stream(granted).skip(1).mapToObj(String::valueOf).sorted().toArray(String[]::new));
            assertThat(ownAllowed()).as("the caller's thread").isEqualTo(before);
        }
        try (Backend backend = new SimdBackendProvider().open(options.withPinned(false))) {
            assertThat(backend.pinnedProcessors()).isEmpty();
            assertThat(allowedOnceThere("clip4j-worker", granted.length - 1)).hasSize(granted.length - 1)
                    .allSatisfy(each -> assertThat(each).isEqualTo(before));
        }
    }

    @Test
    void refusesMoreThreadsThanProcessors() {
        int threads = PinningOrder.granted().length + 1;
        assertThatThrownBy(() -> new SimdBackendProvider()
                .open(new BackendOptions(threads, Precision.F32).withPinned(true))).isInstanceOf(BackendException.class)
                .hasMessageContainingAll("threads=" + threads, "granted=" + (threads - 1), "fewer threads");
    }

    @Test
    void refusesProcessorsThatAreNotThere() {
        String before = ownAllowed();
        for (int processor : new int[]{-1, 8191, 8192, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> PinnedThread.to(processor)).isInstanceOf(BackendException.class)
                    .hasMessageContainingAll("sched_setaffinity", "[" + processor + "]");
        }
        assertThatThrownBy(() -> ThreadAffinity.find().bind()).isInstanceOf(BackendException.class);
        assertThat(ownAllowed()).isEqualTo(before);
    }
}
