package org.clip4j.cuda;

import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/**
 * Patches gathered into scratch memory, some images at a time, then one matrix product; a 1x1 kernel needs no
 * gathering. Or cuDNN, where that has been found to be faster.
 */
final class CudaConvolution implements Convolution {
    private static final int WARPS = 8;
    /** Of gathered patches: many times what the card needs to be busy, and little of its memory. */
    private static final long SCRATCH_BYTES = 256L << 20;

    private final CudaDevice cuda;
    private final TypedKernels gathers;
    private final ConvolutionShape shape;
    private final CudaLinear product;
    private final CudnnConvolution cudnn; // or null where it cannot be used

    CudaConvolution(CudaBackend backend, ConvolutionShape shape, CudaLinear product) {
        this.cuda = backend.cuda();
        this.shape = shape;
        this.product = product;
        ElementType type = product.type();
        gathers = new TypedKernels(cuda, from -> from == ElementType.F32 || from == type
                ? "gather_patches_" + from.label() + "_" + type.label()
                : null);
        cudnn = CudnnConvolution.takes(backend, shape, product)
                ? new CudnnConvolution(backend, shape, product, this::runGathered)
                : null;
    }

    @Override
    public ConvolutionShape shape() {
        return shape;
    }

    /** Whether cuDNN was chosen for a number of images. */
    boolean usesCudnn(int images, boolean add) {
        return cudnn != null && cudnn.isChosen(images, add);
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int images, Tensor out) {
        run(context, x, images, out, false);
    }

    @Override
    public void runAdd(ExecutionContext context, Tensor x, int images, Tensor out) {
        run(context, x, images, out, true);
    }

    private void run(ExecutionContext context, Tensor x, int images, Tensor out, boolean add) {
        CudaContext own = CudaContext.of(context);
        int pixels = shape.outHeight() * shape.outWidth();
        Operands.requireImages("x", x, images, shape.inElements());
        Operands.requireMatrix("out", out, (long) images * pixels, shape.outChannels());
        if (shape.isPointwise()) {
            product.run(own, x.address(), shape.inChannels(), ElementType.of("x", x), images * pixels, out, 0, add);
        } else if (cudnn == null || !cudnn.run(own, x, images, out, add)) {
            runGathered(own, x, images, out, add);
        }
        own.launched();
    }

    /** Scratch memory of the gathered patches of so many images, or of as many as are taken at a time. */
    static long patchBytes(ConvolutionShape shape, ElementType type, int images) {
        return part(shape, type, images) * imageBytes(shape, type);
    }

    private static int part(ConvolutionShape shape, ElementType type, int images) {
        return (int) Math.max(1, Math.min(images, SCRATCH_BYTES / imageBytes(shape, type)));
    }

    private static long imageBytes(ConvolutionShape shape, ElementType type) {
        return (long) shape.outHeight() * shape.outWidth() * shape.patchLength() * type.sizeBytes();
    }

    private void runGathered(CudaContext own, Tensor x, int images, Tensor out, boolean add) {
        int pixels = shape.outHeight() * shape.outWidth();
        ElementType from = ElementType.of("x", x);
        Kernel gather = gathers.get(from);
        ElementType type = product.type();
        int K = shape.patchLength();
        int part = part(shape, type, images);
        for (int first = 0; first < images; first += part) {
            int count = Math.min(part, images - first);
            long patches = own.scratch(patchBytes(shape, type, images));
            own.launch(gather).pointer(x.address() + (long) first * shape.inElements() * from.sizeBytes())
                    .number(count).number(shape.height()).number(shape.width()).number(shape.inChannels())
                    .number(shape.layout() == Layout.CHANNELS_LAST ? 1 : 0).number(shape.kernel())
                    .number(shape.stride()).number(shape.padding()).number(shape.outHeight())
                    .number(shape.outWidth()).pointer(patches).number(K)
                    .run(cuda.walkingBlocks((long) count * pixels * K, WARPS * Launch.WARP), 1, 1, WARPS, 0);
            product.run(own, patches, K, type, count * pixels, out, first * pixels, add);
        }
    }
}
