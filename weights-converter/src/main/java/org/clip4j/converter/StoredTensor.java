package org.clip4j.converter;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.clip4j.kernels.DType;

/**
 * A tensor of a checkpoint: a view of a storage, with any strides.
 *
 * @param storage what it looks at
 * @param offset of the first element, in elements
 * @param shape sizes of the axes, outermost first
 * @param strides distance between neighbours along each axis, in elements
 */
record StoredTensor(Storage storage, long offset, List<Integer> shape, List<Long> strides) {
    private static final int MAX_RANK = 8;

    StoredTensor {
        shape = List.copyOf(shape);
        strides = List.copyOf(strides);
    }

    /** Checks that the view stays inside its storage and shows no element of it more often than it has elements. */
    static StoredTensor of(Storage storage, long offset, List<Long> shape, List<Long> strides)
            throws CheckpointException {
        List<Integer> sizes = new ArrayList<>();
        long elements = 1;
        long last = offset;
        try {
            boolean sound = shape.size() == strides.size() && shape.size() <= MAX_RANK && offset >= 0;
            for (int axis = 0; sound && axis < shape.size(); axis++) {
                sound = shape.get(axis) >= 0 && strides.get(axis) >= 0;
                sizes.add(Math.toIntExact(shape.get(axis)));
                elements = Math.multiplyExact(elements, shape.get(axis));
                last = Math.addExact(last, Math.multiplyExact(strides.get(axis), Math.max(0, shape.get(axis) - 1)));
            }
            boolean inside = elements <= storage.elements() && last < storage.elements();
            if (sound && (elements == 0 || inside)) {
                return new StoredTensor(storage, offset, sizes, strides);
            }
        } catch (ArithmeticException e) {
            throw outside(storage, offset, shape, strides, e);
        }
        throw outside(storage, offset, shape, strides, null);
    }

    private static CheckpointException outside(Storage storage, long offset, List<Long> shape, List<Long> strides,
            Throwable cause) {
        return new CheckpointException("checkpoint tensor lies outside its storage: storage=" + storage.key()
                + " storageElements=" + storage.elements() + " offset=" + offset + " shape=" + shape + " strides="
                + strides, cause);
    }

    /** A row-major tensor of a whole storage. */
    static StoredTensor contiguous(Storage storage, List<Integer> shape) {
        List<Long> strides = new ArrayList<>();
        long stride = 1;
        for (int axis = shape.size() - 1; axis >= 0; axis--) {
            strides.add(stride);
            stride *= shape.get(axis);
        }
        Collections.reverse(strides);
        return new StoredTensor(storage, 0, shape, strides);
    }

    DType dtype() {
        return storage.dtype();
    }

    long elements() {
        long product = 1;
        for (int size : shape) {
            product *= size;
        }
        return product;
    }

    /** The same memory with its axes in reverse order. */
    StoredTensor transposed() {
        List<Integer> sizes = new ArrayList<>(shape);
        List<Long> steps = new ArrayList<>(strides);
        Collections.reverse(sizes);
        Collections.reverse(steps);
        return new StoredTensor(storage, offset, sizes, steps);
    }
}
