package org.clip4j.model;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/**
 * Memory that the layers of a ResNet use in turn, each block large enough for any feature map: two for the input and
 * output of a block, three for what lies between. Belongs to one session.
 */
final class FeatureMaps {
    private final Tensor even;
    private final Tensor odd;
    private final Tensor first;
    private final Tensor second;
    private final Tensor third;
    private boolean outputIsOdd;

    FeatureMaps(Arena arena, DType type, int maxImages, int largestMap) {
        even = arena.allocate(type, maxImages, largestMap);
        odd = arena.allocate(type, maxImages, largestMap);
        first = arena.allocate(type, maxImages, largestMap);
        second = arena.allocate(type, maxImages, largestMap);
        third = arena.allocate(type, maxImages, largestMap);
    }

    /** Where the first block finds its input. */
    Tensor input() {
        return even;
    }

    /** Where the next block puts its output: the two take turns, in the order in which blocks are bound. */
    Tensor nextOutput() {
        outputIsOdd = !outputIsOdd;
        return outputIsOdd ? odd : even;
    }

    Tensor first() {
        return first;
    }

    Tensor second() {
        return second;
    }

    Tensor third() {
        return third;
    }
}
