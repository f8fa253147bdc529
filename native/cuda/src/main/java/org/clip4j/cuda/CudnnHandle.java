package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudnn.cudnnCreate;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroy;
import static org.bytedeco.cuda.global.cudnn.cudnnSetStream;

import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;

/**
 * A session's own handle of cuDNN, since a handle serves one stream at a time. Not thread-safe; closed by its session.
 */
final class CudnnHandle implements AutoCloseable {
    private final cudnnContext context = new cudnnContext();

    /**
     * For the card that is current.
     *
     * @throws CudaException when cuDNN does not work here
     */
    CudnnHandle(CUstream_st stream) {
        Status.dnn(cudnnCreate(context), "cudnnCreate");
        boolean complete = false;
        try {
            Status.dnn(cudnnSetStream(context, stream), "cudnnSetStream");
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    cudnnContext context() {
        return context;
    }

    @Override
    public void close() {
        cudnnDestroy(context);
    }
}
