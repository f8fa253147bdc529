package org.clip4j.cuda;

import org.clip4j.javacpp.NativeLibraryException;

/** Says in one line what is missing for CUDA, and what to do about it. Stateless. */
final class LibraryAdvice {
    private LibraryAdvice() {}

    /** For a library that did not load. */
    static String of(NativeLibraryException failure) {
        String message = String.valueOf(failure.getMessage());
        if (message.contains("libcuda.so") || message.contains("nvcuda")) {
            return "no NVIDIA driver: libcuda.so.1 not found; install the driver (580 or newer for CUDA 13), or choose"
                    + " --device cpu";
        }
        for (String library : new String[]{"libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13"}) {
            if (message.contains(library)) {
                return library + " not found; install CUDA 13's runtime and cuBLAS (the toolkit, or pip's"
                        + " nvidia-cuda-runtime and nvidia-cublas) and name their folders in LD_LIBRARY_PATH, or"
                        + " choose --device cpu";
            }
        }
        return message + "; or choose --device cpu";
    }

    /** For cuDNN, without which all works. */
    static String ofCudnn(NativeLibraryException failure) {
        String message = String.valueOf(failure.getMessage());
        int name = message.indexOf("libcudnn");
        int end = message.indexOf(':', name);
        return name < 0 || end < 0
                ? message
                : message.substring(name, end) + " not found; for convolutions of ResNets install cuDNN 9 (pip's"
                        + " nvidia-cudnn-cu13) and name its folder in LD_LIBRARY_PATH";
    }

    /** For a driver that answers with an error. */
    static String ofDriver(CudaException failure) {
        return "the NVIDIA driver does not work: " + failure.getMessage()
                + "; check nvidia-smi and that the driver is new enough (580 for CUDA 13), or choose --device cpu";
    }
}
