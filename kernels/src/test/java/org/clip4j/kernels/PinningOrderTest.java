package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PinningOrderTest {
    @TempDir
    private Path system;

    private void core(String siblings, int... processors) throws IOException {
        for (int processor : processors) {
            Path folder = Files.createDirectories(system.resolve("cpu" + processor + "/topology"));
            Files.writeString(folder.resolve("thread_siblings_list"), siblings + "\n");
        }
    }

    @Test
    void takesOneProcessorOfEachCoreFirst() throws IOException {
        core("0-1", 0, 1);
        core("2-3", 2, 3);
        core("4-5", 4, 5);
        assertThat(PinningOrder.order(new int[]{0, 1, 2, 3, 4, 5}, system)).containsExactly(0, 2, 4, 1, 3, 5);
        assertThat(PinningOrder.order(new int[]{1, 2, 3}, system)).as("some were granted").containsExactly(1, 2, 3);
    }

    @Test
    void keepsTheOrderOfSystemsThatNumberCoresFirst() throws IOException {
        core("0,2", 0, 2);
        core("1,3", 1, 3);
        assertThat(PinningOrder.order(new int[]{0, 1, 2, 3}, system)).containsExactly(0, 1, 2, 3);
    }

    @Test
    void takesEachForACoreWhereTheSystemDoesNotSay() {
        assertThat(PinningOrder.order(new int[]{3, 5, 64}, system)).containsExactly(3, 5, 64);
    }

    /** In this module no other one is on the class path. */
    @Test
    void saysWhatWouldPinThreads() {
        assertThat(ThreadAffinity.find().obstacle()).hasValueSatisfying(
                reason -> assertThat(reason).contains("clip4j-native-simd"));
        assertThatThrownBy(() -> PinnedThread.to(0)).isInstanceOf(BackendException.class)
                .hasMessageContainingAll("cannot be pinned here", "clip4j-native-simd");
        BackendOptions pinned = new BackendOptions(1, Precision.F32).withPinned(true);
        assertThatThrownBy(() -> Backends.open("cpu", "java", pinned)).isInstanceOf(BackendException.class)
                .hasMessageContaining("cannot be pinned here");
    }
}
