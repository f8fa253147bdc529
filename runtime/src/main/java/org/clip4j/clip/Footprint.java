package org.clip4j.clip;

import java.util.function.Function;
import java.util.function.IntToLongFunction;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.MemoryAllocator;

/** How much memory a session's passes would take, found out without taking any. Stateless. */
final class Footprint {
    /** Where counted blocks would begin; nothing is ever read there. */
    private static final long NOWHERE = 1L << 20;

    private Footprint() {}

    /**
     * Bytes that a pass takes: its workspace, and what its operations want beside it and the context does not have yet.
     *
     * @param newPass allocates a workspace, and gives what is run in it
     */
    static long bytes(ExecutionContext context, Function<Arena, Runnable> newPass) {
        MemoryAllocator counting = new MemoryAllocator() {
            @Override
            public Block allocate(int sizeBytes) {
                return new Block(null, NOWHERE, () -> {});
            }

            @Override
            public boolean isOnDevice() {
                return true;
            }
        };
        try (Arena arena = new Arena(counting)) {
            Runnable pass = newPass.apply(arena);
            return Math.addExact(arena.sizeBytes(), context.scratchBytes(pass));
        } catch (ArithmeticException e) {
            // One tensor alone is larger than any arena has them.
            return Long.MAX_VALUE;
        }
    }

    /**
     * The same error with the largest batch that would fit. The error as it is where that is not known: where the device
     * does not tell its free memory, or has enough, so that it was the host's pinned memory that was lacking.
     *
     * @param what name of the size that was too large
     * @param footprint bytes of a pass of some size
     */
    static OutOfMemoryError explain(OutOfMemoryError error, String what, int size, long freeBytes,
            IntToLongFunction footprint) {
        if (freeBytes == Long.MAX_VALUE || footprint.applyAsLong(size) <= freeBytes) {
            return error;
        }
        int fits = 0;
        int tooLarge = size;
        while (tooLarge - fits > 1) {
            int middle = (fits + tooLarge) >>> 1;
            if (footprint.applyAsLong(middle) <= freeBytes) {
                fits = middle;
            } else {
                tooLarge = middle;
            }
        }
        OutOfMemoryError explained = new OutOfMemoryError("the session's workspace does not fit: " + what + "=" + size
                + " neededBytes=" + footprint.applyAsLong(size) + " freeBytes=" + freeBytes + "; "
                + (fits == 0 ? "not even one fits" : what + "=" + fits + " would fit") + " (" + error.getMessage()
                + ")");
        explained.initCause(error);
        return explained;
    }
}
