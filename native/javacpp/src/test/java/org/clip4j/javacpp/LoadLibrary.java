package org.clip4j.javacpp;

import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/** Run in another JVM: loads the library, allocates half a gigabyte, and prints {@code loaded} or the message. */
final class LoadLibrary {
    private static final int SIZE_BYTES = 256 << 20;

    private LoadLibrary() {}

    public static void main(String[] arguments) {
        try {
            NativeLibraries.load(Pointer.class);
        } catch (NativeLibraryException e) {
            System.out.println("refused: " + e.getMessage());
            return;
        }
        try (Arena arena = new Arena(new NativeMemory())) {
            for (int i = 0; i < Integer.getInteger("blocks", 2); i++) {
                Tensor tensor = arena.allocate(DType.I8, SIZE_BYTES);
                tensor.bytes().put(SIZE_BYTES - 1, (byte) 1);
            }
        } catch (OutOfMemoryError e) {
            System.out.println("out of memory: " + e.getMessage());
            return;
        }
        System.out.println("loaded");
    }
}
