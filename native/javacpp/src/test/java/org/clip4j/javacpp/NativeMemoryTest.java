package org.clip4j.javacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class NativeMemoryTest {
    private static final int BLOCK_BYTES = 16 << 20;

    @BeforeAll
    static void load() {
        NativeLibraries.load(Pointer.class);
    }

    @Test
    void blocksAreZeroedAlignedAndKnowTheirAddress() {
        NativeMemory memory = new NativeMemory();
        for (int sizeBytes : new int[]{1, 63, 64, 65, 4097, BLOCK_BYTES}) {
            MemoryAllocator.Block block = memory.allocate(sizeBytes);
            assertThat(block.bytes().capacity()).isEqualTo(sizeBytes);
            assertThat(block.address() % MemoryAllocator.ALIGNMENT_BYTES).isZero();
            assertThat(block.bytes().alignmentOffset(0, MemoryAllocator.ALIGNMENT_BYTES)).isZero();
            for (int i = 0; i < sizeBytes; i += Math.max(1, sizeBytes / 100)) {
                assertThat(block.bytes().get(i)).isZero();
            }
            block.bytes().put(sizeBytes - 1, (byte) 7);
            Tensor tensor = Tensor.of(block.bytes(), DType.I8, Tensor.NO_ADDRESS, sizeBytes);
            assertThat(NativeMemory.withAddress(tensor).address()).isEqualTo(block.address());
            block.release().run();
        }
    }

    @Test
    void theLargestBlockCanBeUsedToItsEnd() {
        int sizeBytes = Integer.MAX_VALUE / MemoryAllocator.ALIGNMENT_BYTES * MemoryAllocator.ALIGNMENT_BYTES;
        MemoryAllocator.Block block = new NativeMemory().allocate(sizeBytes);
        block.bytes().put(sizeBytes - 1, (byte) 7);
        assertThat(block.bytes().get(sizeBytes - 1)).isEqualTo((byte) 7);
        block.release().run();
    }

    @Test
    void findsTheAddressOfMappedAndDirectMemory() throws IOException {
        ByteBuffer direct = ByteBuffer.allocateDirect(32);
        Tensor whole = NativeMemory.withAddress(Tensor.of(direct, DType.F32, Tensor.NO_ADDRESS, 8));
        Tensor second = NativeMemory.withAddress(Tensor.of(direct.position(16), DType.F32, Tensor.NO_ADDRESS, 4));
        assertThat(whole.address()).isNotZero();
        assertThat(second.address()).isEqualTo(whole.address() + 16);
        assertThat(NativeMemory.withAddress(whole)).isSameAs(whole);
        Tensor heap = Tensor.of(ByteBuffer.allocate(16), DType.F32, Tensor.NO_ADDRESS, 4);
        assertThatThrownBy(() -> NativeMemory.withAddress(heap)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("direct or mapped");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void closingAnArenaGivesTheMemoryBack() throws IOException {
        long before = residentBytes();
        for (int i = 0; i < 1_000; i++) {
            try (Arena arena = new Arena(new NativeMemory())) {
                Tensor tensor = arena.allocate(DType.I8, BLOCK_BYTES);
                for (int at = 0; at < BLOCK_BYTES; at += i % 100 == 0 ? 4096 : BLOCK_BYTES / 16) {
                    tensor.bytes().put(at, (byte) 1);
                }
            }
        }
        // 1,000 blocks are 16 GB; four of them may linger in the C library's heap and the JVM's own growth.
        assertThat(residentBytes() - before).isLessThan(4L * BLOCK_BYTES);
    }

    private static long residentBytes() throws IOException {
        // "VmRSS:     1234 kB": proc(5), /proc/pid/status.
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(l -> l.startsWith("VmRSS:"))
                .findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
    }
}
