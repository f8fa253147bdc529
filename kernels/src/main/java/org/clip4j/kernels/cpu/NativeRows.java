package org.clip4j.kernels.cpu;

import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/** Where the rows of a tensor lie for native code. Stateless. */
public final class NativeRows {
    private NativeRows() {}

    /**
     * Native address of a tensor's first element.
     *
     * @throws IllegalStateException when it has none, or is not F32
     */
    public static long address(Tensor tensor) {
        if (tensor.address() == Tensor.NO_ADDRESS || tensor.dtype() != DType.F32) {
            throw new IllegalStateException("a native backend needs f32 tensors from its own arena: tensor=" + tensor
                    + " address=" + tensor.address());
        }
        return tensor.address();
    }

    /**
     * Native address of a row.
     *
     * @throws IllegalStateException when the tensor has none, or is not F32
     */
    public static long address(Tensor tensor, int row) {
        return address(tensor) + (long) row * tensor.rowStride() * Float.BYTES;
    }
}
