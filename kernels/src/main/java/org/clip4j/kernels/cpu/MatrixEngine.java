package org.clip4j.kernels.cpu;

import java.util.function.IntConsumer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;

/** Multiplies matrices, each call on the calling thread alone. Thread-safe. */
public interface MatrixEngine {
    /** The backend's threads, for work that is done once. */
    @FunctionalInterface
    interface Workers {
        /** Calls {@code work} with 0 to {@code parts - 1}, each once, on all threads, and returns when that is done. */
        void forEach(int parts, IntConsumer work);
    }

    /** One line for people: library, version, instruction set. */
    String description();

    /** Memory that {@link MatrixLane#multiply} accepts. */
    MemoryAllocator allocator();

    /**
     * Makes weights known to the engine.
     *
     * @param weights contiguous, F32, in memory that the caller keeps: from {@link #allocator()}, direct, or mapped
     * @return the same memory, as {@link MatrixLane#multiply} accepts it
     */
    Tensor accept(Tensor weights);

    /** The state of one thread of one session. */
    MatrixLane newLane();

    /** What layers are computed in, where nothing else is asked for. */
    default Precision precision() {
        return Precision.F32;
    }

    /** True when layers are packed; false when the engine has plain products only. */
    default boolean packs() {
        return false;
    }

    /**
     * Packs a linear layer; for engines that {@linkplain #packs do}.
     *
     * @param arena from {@link #allocator()}; receives what is packed
     * @param workers to pack with
     */
    default PackedLayer pack(Arena arena, LayerWeights weights, Workers workers) {
        throw new UnsupportedOperationException("the engine has plain products only: " + description());
    }

    /**
     * How {@link #pack} lays weights out for so many lanes: everything that this depends on, as words that fit into a file's
     * name. Null for engines that do not pack.
     */
    default String packing(int lanes) {
        return null;
    }

    /**
     * A layer out of what an engine of the same {@link #packing} packed before.
     *
     * @param arena from {@link #allocator()}; receives what else the layer needs
     * @param packed stays where it is, in direct or mapped memory that the caller keeps
     * @throws IllegalArgumentException when the tensors have not the sizes that {@link #pack} would give them
     */
    default PackedLayer adopt(Arena arena, PackedWeights packed, Activation activation, int lanes) {
        throw new UnsupportedOperationException("the engine has plain products only: " + description());
    }

    /**
     * A convolution whose patches the engine reads where they lie, or null when they are to be gathered. The rows of its calls
     * are output pixels, counted through all images; {@link PackedCall#x} holds the images themselves.
     *
     * @param layer of {@link #pack} or {@link #adopt}, in f32, of weights [outChannels, patchLength] in the order of
     *     {@link PatchGather}
     */
    default PackedLayer readingPatches(ConvolutionShape shape, PackedLayer layer) {
        return null;
    }

    /** Frees what the engine holds; every lane is closed before. */
    default void close() {}
}
