package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ACTIVATION_IDENTITY;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ACTIVATION_RELU;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
import static org.bytedeco.cuda.global.cudnn.CUDNN_CROSS_CORRELATION;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_BFLOAT16;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_FLOAT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DATA_HALF;
import static org.bytedeco.cuda.global.cudnn.CUDNN_DEFAULT_MATH;
import static org.bytedeco.cuda.global.cudnn.CUDNN_FMA_MATH;
import static org.bytedeco.cuda.global.cudnn.CUDNN_PROPAGATE_NAN;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TENSOR_NHWC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TENSOR_OP_MATH;
import static org.bytedeco.cuda.global.cudnn.cudnnConvolutionBiasActivationForward;
import static org.bytedeco.cuda.global.cudnn.cudnnCreateActivationDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnCreateConvolutionDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnCreateFilterDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnCreateTensorDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroyActivationDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroyConvolutionDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroyFilterDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnDestroyTensorDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnGetConvolutionForwardWorkspaceSize;
import static org.bytedeco.cuda.global.cudnn.cudnnSetActivationDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnSetConvolution2dDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnSetConvolutionMathType;
import static org.bytedeco.cuda.global.cudnn.cudnnSetFilter4dDescriptor;
import static org.bytedeco.cuda.global.cudnn.cudnnSetTensor4dDescriptor;

import org.bytedeco.cuda.cudnn.cudnnActivationStruct;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.ConvolutionShape;

/**
 * A convolution of channels-last images as one call of cuDNN: out = activation(convolution(x) + bias), or
 * activation(out + convolution(x) + bias). Immutable; shared by sessions; closed by its backend.
 */
// Since cuDNN 9, in favour of its graphs; why not those says docs/decisions/005-cuda.md.
@SuppressWarnings("deprecation")
final class CudnnPlan implements AutoCloseable {
    /**
     * The only one that takes no activation (cudnnConvolutionBiasActivationForward), and the one that takes NHWC in all
     * types.
     */
    private static final int ALGORITHM = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;

    private final CudnnShape shape;
    private final DeviceAddress weight = new DeviceAddress();
    private final DeviceAddress bias = new DeviceAddress();
    // Null pointers until the constructor has made what they point to.
    private final cudnnTensorStruct xLayout = new cudnnTensorStruct();
    private final cudnnTensorStruct biasLayout = new cudnnTensorStruct();
    private final cudnnTensorStruct outLayout = new cudnnTensorStruct();
    private final cudnnFilterStruct weightLayout = new cudnnFilterStruct();
    private final cudnnConvolutionStruct operation = new cudnnConvolutionStruct();
    private final cudnnActivationStruct activation = new cudnnActivationStruct();
    private final long workspaceBytes;

    /**
     * For operands of one type.
     *
     * @param weight address of [outChannels, kernel, kernel, inChannels]
     * @param bias address of [outChannels]
     * @throws CudaException when cuDNN does not take the shape
     */
    CudnnPlan(CudnnHandle handle, CudnnShape shape, long weight, long bias) {
        this.shape = shape;
        this.weight.at(weight);
        this.bias.at(bias);
        boolean complete = false;
        try {
            ConvolutionShape g = shape.geometry();
            layout(xLayout, shape.images(), g.inChannels(), g.height(), g.width());
            layout(biasLayout, 1, g.outChannels(), 1, 1);
            layout(outLayout, shape.images(), g.outChannels(), g.outHeight(), g.outWidth());
            Status.dnn(cudnnCreateFilterDescriptor(weightLayout), "cudnnCreateFilterDescriptor");
            Status.dnn(cudnnSetFilter4dDescriptor(weightLayout, dataType(), CUDNN_TENSOR_NHWC, g.outChannels(),
                    g.inChannels(), g.kernel(), g.kernel()), "cudnnSetFilter4dDescriptor");
            describeOperation(g);
            Status.dnn(cudnnCreateActivationDescriptor(activation), "cudnnCreateActivationDescriptor");
            Status.dnn(cudnnSetActivationDescriptor(activation,
                    shape.activation() == Activation.RELU ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
                    CUDNN_PROPAGATE_NAN, 0), "cudnnSetActivationDescriptor");
            workspaceBytes = workspace(handle);
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private void layout(cudnnTensorStruct layout, int images, int channels, int height, int width) {
        Status.dnn(cudnnCreateTensorDescriptor(layout), "cudnnCreateTensorDescriptor");
        Status.dnn(cudnnSetTensor4dDescriptor(layout, CUDNN_TENSOR_NHWC, dataType(), images, channels, height, width),
                "cudnnSetTensor4dDescriptor");
    }

    private void describeOperation(ConvolutionShape g) {
        Status.dnn(cudnnCreateConvolutionDescriptor(operation), "cudnnCreateConvolutionDescriptor");
        // Sums are f32 whatever the operands are.
        Status.dnn(cudnnSetConvolution2dDescriptor(operation, g.padding(), g.padding(), g.stride(), g.stride(), 1, 1,
                CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT), "cudnnSetConvolution2dDescriptor");
        // The default rounds f32 to tf32 on newer cards (cuDNN API, cudnnMathType_t).
        Status.dnn(cudnnSetConvolutionMathType(operation, switch (shape.precision()) {
            case F32 -> CUDNN_FMA_MATH;
            case TF32 -> CUDNN_DEFAULT_MATH;
            default -> CUDNN_TENSOR_OP_MATH;
        }), "cudnnSetConvolutionMathType");
    }

    private int dataType() {
        return switch (shape.type()) {
            case F32 -> CUDNN_DATA_FLOAT;
            case F16 -> CUDNN_DATA_HALF;
            case BF16 -> CUDNN_DATA_BFLOAT16;
        };
    }

    private long workspace(CudnnHandle handle) {
        try (SizeTPointer bytes = new SizeTPointer(1)) {
            int status = cudnnGetConvolutionForwardWorkspaceSize(handle.context(), xLayout, weightLayout, operation,
                    outLayout, ALGORITHM, bytes);
            Status.dnn(status, "cudnnGetConvolutionForwardWorkspaceSize");
            return bytes.get();
        }
    }

    CudnnShape shape() {
        return shape;
    }

    /** Scratch memory that a run takes. */
    long workspaceBytes() {
        return workspaceBytes;
    }

    /**
     * Launches it.
     *
     * @param handle the session's
     * @param x address of the images
     * @param out address of [images * outHeight * outWidth, outChannels]
     * @throws CudaException when cuDNN refuses
     */
    void run(CudaContext own, CudnnHandle handle, long x, long out) {
        long scratch = workspaceBytes == 0 ? 0 : own.scratch(workspaceBytes);
        // What is added lies where the result goes; with a factor of zero it is not read.
        Pointer result = own.c.at(out);
        int status = cudnnConvolutionBiasActivationForward(handle.context(), own.one, xLayout, own.a.at(x),
                weightLayout, weight, operation, ALGORITHM, own.b.at(scratch), workspaceBytes,
                shape.add() ? own.one : own.zero, outLayout, result, biasLayout, bias, activation, outLayout, result);
        if (status != 0) {
            Status.dnn(status, "cudnnConvolutionBiasActivationForward " + shape);
        }
    }

    @Override
    public void close() {
        for (cudnnTensorStruct layout : new cudnnTensorStruct[]{xLayout, biasLayout, outLayout}) {
            if (!layout.isNull()) {
                cudnnDestroyTensorDescriptor(layout);
            }
        }
        if (!weightLayout.isNull()) {
            cudnnDestroyFilterDescriptor(weightLayout);
        }
        if (!operation.isNull()) {
            cudnnDestroyConvolutionDescriptor(operation);
        }
        if (!activation.isNull()) {
            cudnnDestroyActivationDescriptor(activation);
        }
    }
}
