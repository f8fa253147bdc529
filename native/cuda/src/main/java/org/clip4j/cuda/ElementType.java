package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16F;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/** The element types that kernels are instantiated for. */
enum ElementType {
    F32("f32", DType.F32, CUDA_R_32F), F16("f16", DType.F16, CUDA_R_16F), BF16("bf16", DType.BF16, CUDA_R_16BF);

    private static final ElementType[] VALUES = values();

    private final String label;
    private final DType dtype;
    private final int dataType;

    ElementType(String label, DType dtype, int dataType) {
        this.label = label;
        this.dtype = dtype;
        this.dataType = dataType;
    }

    /** As in the names of kernels. */
    String label() {
        return label;
    }

    DType dtype() {
        return dtype;
    }

    /** The number that cublasLt has for it, cudaDataType_t. */
    int dataType() {
        return dataType;
    }

    int sizeBytes() {
        return dtype.sizeBytes();
    }

    /**
     * Checks that an operand has this type.
     *
     * @throws IllegalArgumentException when it has another one
     */
    void require(String name, Tensor tensor) {
        if (tensor.dtype() != dtype) {
            throw new IllegalArgumentException("operand has a wrong type: name=" + name + " expected=" + dtype
                    + " actual=" + tensor);
        }
    }

    /**
     * The type of an operand.
     *
     * @throws IllegalArgumentException when no kernel takes it
     */
    static ElementType of(String name, Tensor tensor) {
        for (ElementType type : VALUES) {
            if (type.dtype == tensor.dtype()) {
                return type;
            }
        }
        throw new IllegalArgumentException("operand has a type that no kernel takes: name=" + name + " dtype="
                + tensor.dtype() + " expected=F32, F16 or BF16");
    }
}
