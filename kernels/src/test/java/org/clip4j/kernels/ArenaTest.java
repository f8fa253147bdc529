package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArenaTest {
    private static final int MEGABYTE = 1 << 20;

    /** Counts blocks, gives them made-up addresses, and fails beyond a limit. */
    private static final class CountingAllocator implements MemoryAllocator {
        private final List<Integer> blocks = new ArrayList<>();
        private int released;
        private int limit = Integer.MAX_VALUE;

        @Override
        public Block allocate(int sizeBytes) {
            if (blocks.size() == limit) {
                throw new OutOfMemoryError("limit=" + limit);
            }
            blocks.add(sizeBytes);
            return new Block(ByteBuffer.allocateDirect(sizeBytes), 4096L * blocks.size() * MEGABYTE, () -> released++);
        }
    }

    @Test
    void alignsEveryTensorEvenAfterEmptyOnes() {
        CountingAllocator allocator = new CountingAllocator();
        try (Arena arena = new Arena(allocator)) {
            for (int elements : new int[]{1, 0, 3, 15, 16, 17, 0, 100_000, 5, 300_000, 1}) {
                Tensor tensor = arena.allocate(DType.F32, elements);
                assertThat(tensor.address() % MemoryAllocator.ALIGNMENT_BYTES).as("elements=%d", elements).isZero();
            }
        }
        try (Arena arena = new Arena(MemoryAllocator.JDK)) {
            for (int elements : new int[]{1, 0, 3, 300_000}) {
                ByteBuffer bytes = arena.allocate(DType.F32, elements).bytes();
                assertThat(bytes.alignmentOffset(0, MemoryAllocator.ALIGNMENT_BYTES)).isZero();
            }
        }
    }

    @Test
    void smallTensorsShareABlockWithoutOverlap() {
        CountingAllocator allocator = new CountingAllocator();
        try (Arena arena = new Arena(allocator)) {
            List<Tensor> tensors = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                Tensor tensor = arena.allocate(DType.F32, 1001);
                for (int at = 0; at < 1001; at++) {
                    assertThat(tensor.get(at)).isZero();
                    tensor.set(at, i + 1);
                }
                tensors.add(tensor);
            }
            assertThat(allocator.blocks).containsExactly(MEGABYTE, MEGABYTE);
            assertThat(arena.sizeBytes()).isEqualTo(2L * MEGABYTE);
            for (int i = 0; i < 300; i++) {
                assertThat(tensors.get(i).get(0)).isEqualTo(i + 1);
                assertThat(tensors.get(i).get(1000)).isEqualTo(i + 1);
            }
        }
    }

    @Test
    void largeTensorsHaveTheirOwnBlockAndLeaveTheSharedOne() {
        CountingAllocator allocator = new CountingAllocator();
        try (Arena arena = new Arena(allocator)) {
            arena.allocate(DType.F32, 1);
            arena.allocate(DType.F32, MEGABYTE);
            arena.allocate(DType.F32, 1);
            assertThat(allocator.blocks).containsExactly(MEGABYTE, 4 * MEGABYTE);
        }
    }

    @Test
    void closeReleasesEveryBlockOnce() {
        CountingAllocator allocator = new CountingAllocator();
        Arena arena = new Arena(allocator);
        arena.allocate(DType.F32, MEGABYTE);
        arena.allocate(DType.F16, 3);
        arena.close();
        arena.close();
        assertThat(allocator.released).isEqualTo(2);
        assertThatThrownBy(() -> arena.allocate(DType.F32, 1)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void staysUsableWhenTheAllocatorHasNoMore() {
        CountingAllocator allocator = new CountingAllocator();
        allocator.limit = 1;
        Arena arena = new Arena(allocator);
        arena.allocate(DType.F32, MEGABYTE);
        assertThatThrownBy(() -> arena.allocate(DType.F32, 1)).isInstanceOf(OutOfMemoryError.class);
        allocator.limit = 2;
        assertThat(arena.allocate(DType.F32, 1).get(0)).isZero();
        arena.close();
        assertThat(allocator.released).isEqualTo(2);
    }

    @Test
    void refusesTensorsOfTwoGigabytes() {
        try (Arena arena = new Arena(new CountingAllocator())) {
            assertThatThrownBy(() -> arena.allocate(DType.F32, 1 << 29)).isInstanceOf(ArithmeticException.class);
            assertThatThrownBy(() -> arena.allocate(DType.I8, Integer.MAX_VALUE))
                    .isInstanceOf(ArithmeticException.class);
            assertThatThrownBy(() -> arena.allocate(DType.F32, -1)).isInstanceOf(IllegalArgumentException.class);
            assertThat(arena.sizeBytes()).isZero();
        }
    }

    @Test
    void copiesAnyRealTypeAsFloats() {
        try (Arena arena = new Arena(MemoryAllocator.JDK)) {
            for (DType type : List.of(DType.F64, DType.F32, DType.F16, DType.BF16)) {
                Tensor tensor = arena.allocate(type, 3, 4099);
                for (int i = 0; i < tensor.elements(); i++) {
                    tensor.set(i, i % 200 - 100);
                }
                Tensor copy = arena.copyAsF32(tensor);
                assertThat(copy.shape()).containsExactly(3, 4099);
                for (int i = 0; i < tensor.elements(); i++) {
                    assertThat(copy.floats().get(i)).as(type + " " + i).isEqualTo(i % 200 - 100);
                }
                assertThatThrownBy(() -> arena.copyAsF32(tensor.columns(1, 3)))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }
}
