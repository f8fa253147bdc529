package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cublas.cublasLtGetStatusName;
import static org.bytedeco.cuda.global.cudart.cuGetErrorName;
import static org.bytedeco.cuda.global.cudart.cudaErrorContextIsDestroyed;
import static org.bytedeco.cuda.global.cudart.cudaErrorDevicesUnavailable;
import static org.bytedeco.cuda.global.cudart.cudaErrorECCUncorrectable;
import static org.bytedeco.cuda.global.cudart.cudaErrorHardwareStackError;
import static org.bytedeco.cuda.global.cudart.cudaErrorIllegalAddress;
import static org.bytedeco.cuda.global.cudart.cudaErrorIllegalInstruction;
import static org.bytedeco.cuda.global.cudart.cudaErrorLaunchFailure;
import static org.bytedeco.cuda.global.cudart.cudaErrorMisalignedAddress;
import static org.bytedeco.cuda.global.cudart.cudaErrorUnknown;
import static org.bytedeco.cuda.global.cudart.cudaGetErrorName;
import static org.bytedeco.cuda.global.cudart.cudaGetErrorString;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudnn.cudnnGetErrorString;

import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;

/** Turns status codes of the libraries into exceptions. Stateless; allocates only when it throws. */
final class Status {
    private static final int SUCCESS = 0;
    /** After these the process cannot use the card any more (CUDA runtime API, cudaError_t). */
    private static final Set<Integer> FATAL = Set.of(cudaErrorDevicesUnavailable, cudaErrorECCUncorrectable,
            cudaErrorIllegalAddress, cudaErrorContextIsDestroyed, cudaErrorHardwareStackError,
            cudaErrorIllegalInstruction, cudaErrorMisalignedAddress, cudaErrorLaunchFailure, cudaErrorUnknown);

    private Status() {}

    /** A status of the CUDA runtime. */
    static void runtime(int status, String function) {
        if (status != SUCCESS) {
            throw failure(status, function, "");
        }
    }

    /** The exception for a status of the CUDA runtime; the runtime's own memory of the error is cleared. */
    static CudaException failure(int status, String function, String arguments) {
        cudaGetLastError();
        return new CudaException(function + " failed: status=" + status + " (" + text(cudaGetErrorName(status)) + ", "
                + text(cudaGetErrorString(status)) + ")" + (arguments.isEmpty() ? "" : " " + arguments)
                + advice(status));
    }

    /** Driver and runtime have the same numbers. */
    private static String advice(int status) {
        return FATAL.contains(status)
                ? "; the card is lost to this process: close the model, check nvidia-smi, start a new process"
                : "";
    }

    /** A status of the CUDA driver. */
    static void driver(int status, String function, String argument) {
        if (status == SUCCESS) {
            return;
        }
        String name = "";
        try (PointerPointer<BytePointer> names = new PointerPointer<>(1)) {
            if (cuGetErrorName(status, names) == SUCCESS) {
                name = " (" + names.getString(0) + ")";
            }
        }
        throw new CudaException(function + " failed: status=" + status + name
                + (argument == null ? "" : " name=" + argument) + advice(status));
    }

    /** A status of cublasLt. */
    static void blas(int status, String function) {
        if (status != SUCCESS) {
            throw new CudaException(function + " failed: status=" + status + " (" + text(cublasLtGetStatusName(status))
                    + ")");
        }
    }

    /** A status of cuDNN; the runtime's memory of what may have been behind it is cleared. */
    static void dnn(int status, String function) {
        if (status != SUCCESS) {
            cudaGetLastError();
            throw new CudaException(function + " failed: status=" + status + " (" + text(cudnnGetErrorString(status))
                    + ")");
        }
    }

    private static String text(BytePointer chars) {
        return chars == null ? "unknown" : chars.getString();
    }
}
