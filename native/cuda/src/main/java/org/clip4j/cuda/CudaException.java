package org.clip4j.cuda;

/** A call of CUDA failed; the message names the function, the status and what was asked of it. */
public final class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the function's name, the status and its arguments in the message. */
    public CudaException(String message) {
        super(message);
    }
}
