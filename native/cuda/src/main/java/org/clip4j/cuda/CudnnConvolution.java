package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDefault;
import static org.bytedeco.cuda.global.cudart.cudaMemsetAsync;

import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.Tensor;

/**
 * cuDNN's way to a convolution, with bias, sum and ReLU in one call. It is taken where it is faster than the other way and
 * has led to the same result on the operands that came first; chosen once per number of images. Whatever goes wrong before
 * it is chosen means the other way.
 */
final class CudnnConvolution {
    /** The way that is always there. */
    @FunctionalInterface
    interface OtherWay {
        void run(CudaContext own, Tensor x, int images, Tensor out, boolean add);
    }

    private static final System.Logger LOGGER = System.getLogger(CudnnConvolution.class.getName());
    /** Of tensors for matrix units (cuDNN developer guide, tensor core operations); less is not tried. */
    private static final int ALIGNMENT = 16;
    /** Left to sessions: a search must not take the memory that a batch is about to need. */
    private static final long SPARED_BYTES = 1L << 30;

    /** What was chosen for a number of images; no plan is the other way. */
    private record Choice(int images, boolean add, CudnnPlan plan) {}

    private final CudaBackend backend;
    private final ConvolutionShape shape;
    private final CudaLinear product;
    private final OtherWay other;
    private volatile Choice[] choices = new Choice[0];

    /**
     * With nothing chosen yet.
     *
     * @param product has the weights [outChannels, kernel, kernel, inChannels] and the bias
     */
    CudnnConvolution(CudaBackend backend, ConvolutionShape shape, CudaLinear product, OtherWay other) {
        this.backend = backend;
        this.shape = shape;
        this.product = product;
        this.other = other;
    }

    /** Whether cuDNN has a call for it. Where nothing is gathered, cublasLt's product does the same already. */
    static boolean takes(CudaBackend backend, ConvolutionShape shape, CudaLinear product) {
        return shape.layout() == Layout.CHANNELS_LAST && !shape.isPointwise() && product.ownBias() != null
                && (product.activation() == Activation.RELU || product.activation() == Activation.NONE)
                && backend.cudnn().isUsable();
    }

    /** Launches it and answers true, or answers false where the other way is to be taken. */
    boolean run(CudaContext own, Tensor x, int images, Tensor out, boolean add) {
        // The patches of the other way are the memory that a rehearsal is about.
        if (images == 0 || own.isRehearsing() || out.rowStride() != shape.outChannels() || !fits(x) || !fits(out)) {
            return false;
        }
        Choice choice = find(images, add);
        if (choice == null) {
            if (own.isRecording()) {
                return false;
            }
            choice = choose(own, x, images, out, add);
        }
        CudnnHandle handle = choice.plan == null ? null : own.cudnn();
        if (handle == null) {
            return false;
        }
        choice.plan.run(own, handle, x.address(), out.address());
        return true;
    }

    private boolean fits(Tensor tensor) {
        return tensor.dtype() == product.type().dtype() && tensor.address() % ALIGNMENT == 0;
    }

    private Choice find(int images, boolean add) {
        for (Choice choice : choices) {
            if (choice.images == images && choice.add == add) {
                return choice;
            }
        }
        return null;
    }

    /** Whether it is cuDNN that was chosen. */
    boolean isChosen(int images, boolean add) {
        Choice choice = find(images, add);
        return choice != null && choice.plan != null;
    }

    private synchronized Choice choose(CudaContext own, Tensor x, int images, Tensor out, boolean add) {
        Choice choice = find(images, add);
        if (choice != null) {
            return choice; // of another session that came first
        }
        CudnnShape wanted = new CudnnShape(shape, images, product.type(), backend.widePrecision(),
                product.activation(), add);
        CudnnPlan plan = null;
        try {
            plan = search(own, wanted, x, out);
        } catch (CudaException | OutOfMemoryError e) { // the latter is about the card's memory: DeviceMemory
            LOGGER.log(System.Logger.Level.DEBUG, "cuDNN is not taken: " + wanted, e);
        }
        choice = new Choice(images, add, plan);
        Choice[] more = Arrays.copyOf(choices, choices.length + 1);
        more[choices.length] = choice;
        choices = more;
        return choice;
    }

    /** A plan that is better than the other way, or null. */
    private CudnnPlan search(CudaContext own, CudnnShape wanted, Tensor x, Tensor out) {
        String key = wanted.key(backend.cudnn());
        AlgorithmSearch.Known known = backend.algorithms().known(own, key);
        CudnnHandle handle = known == AlgorithmSearch.Known.SLOWER ? null : own.cudnn();
        if (handle == null || backend.cuda().memory().freeBytes() < SPARED_BYTES + 4 * wanted.resultBytes()) {
            return null;
        }
        CudnnPlan plan = new CudnnPlan(handle, wanted, product.weight().address(), product.ownBias().address());
        boolean taken = false;
        try {
            // Not more than patches take, which is what a session has reserved.
            taken = plan.workspaceBytes() <= CudaConvolution.patchBytes(shape, product.type(), wanted.images())
                    && isBetter(own, handle, plan, key, x, out);
        } finally {
            if (taken) {
                backend.keep(plan);
            } else {
                plan.close();
            }
        }
        return taken ? plan : null;
    }

    private boolean isBetter(CudaContext own, CudnnHandle handle, CudnnPlan plan, String key, Tensor x, Tensor out) {
        CudnnShape wanted = plan.shape();
        // As aligned as the result will be.
        long shift = MatrixShape.alignment(out.address()) % MatrixShape.MAX_ALIGNMENT;
        long step = (wanted.resultBytes() / MatrixShape.MAX_ALIGNMENT + 2) * MatrixShape.MAX_ALIGNMENT;
        Pointer memory = backend.cuda().memory().allocate(2 * step);
        try {
            long mine = memory.address() + shift;
            fill(own, wanted, out, mine);
            plan.run(own, handle, x.address(), mine);
            if (backend.algorithms().known(own, key) == AlgorithmSearch.Known.FASTER) {
                return true; // and it runs, in this process too
            }
            Tensor theirs = Tensor.onDevice(out.dtype(), mine + step, wanted.rows(), shape.outChannels());
            fill(own, wanted, out, theirs.address());
            other.run(own, x, wanted.images(), theirs, wanted.add());
            own.synchronize();
            Agreement.Verdict verdict = Agreement.of(own, wanted, theirs.address(), mine);
            if (verdict == Agreement.Verdict.DIFFERENT) {
                backend.algorithms().refuse(key);
                LOGGER.log(System.Logger.Level.DEBUG, "cuDNN has another result and is not taken: {0}", key);
            }
            return verdict == Agreement.Verdict.SAME
                    && backend.algorithms().isFaster(own, key, () -> plan.run(own, handle, x.address(), mine),
                            () -> other.run(own, x, wanted.images(), theirs, wanted.add()));
        } finally {
            own.synchronize();
            backend.cuda().memory().free(memory);
        }
    }

    /** What the result is added to, or NaN, so that what is read or left as it was does not go unseen. */
    private static void fill(CudaContext own, CudnnShape wanted, Tensor out, long target) {
        DeviceAddress to = new DeviceAddress().at(target);
        if (wanted.add()) {
            Status.runtime(cudaMemcpyAsync(to, new DeviceAddress().at(out.address()), wanted.resultBytes(),
                    cudaMemcpyDefault, own.stream()), "cudaMemcpyAsync");
        } else {
            Status.runtime(cudaMemsetAsync(to, 0xFF, wanted.resultBytes(), own.stream()), "cudaMemsetAsync");
        }
    }
}
