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
 * cuDNN's way to a convolution, with bias, sum and ReLU in one call. It is taken where it is faster than the other way
 * and has led to the same result on the operands that came first; chosen once per number of images and process. Errors
 * that cuDNN reports before it is chosen mean the other way; a process that it ends they cannot save.
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
            if (own.isRecording() || own.lacksCudnn()) {
                return false; // and nothing is chosen for other sessions
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
        String key = wanted.key(backend.cudnn());
        CudnnPlan plan = null;
        if (backend.algorithms().known(own, key) != AlgorithmSearch.Known.SLOWER) {
            CudnnHandle handle = own.cudnn();
            if (handle == null) {
                return new Choice(images, add, null); // of this session alone: others may have a handle
            }
            try {
                plan = search(own, handle, wanted, key, x, out);
            } catch (CudaException | OutOfMemoryError e) { // the latter is about the card's memory: DeviceMemory
                backend.tellDetour("cuDNN fails and is not taken in this process", "key=" + key, e);
            }
        }
        choice = new Choice(images, add, plan);
        Choice[] more = Arrays.copyOf(choices, choices.length + 1);
        more[choices.length] = choice;
        choices = more;
        return choice;
    }

    /** A plan that is better than the other way, or null. */
    private CudnnPlan search(CudaContext own, CudnnHandle handle, CudnnShape wanted, String key, Tensor x,
            Tensor out) {
        long neededBytes = SPARED_BYTES + 4 * wanted.resultBytes();
        long freeBytes = backend.cuda().memory().freeBytes();
        if (freeBytes < neededBytes) {
            backend.tellDetour("no room to try cuDNN, so it is not taken in this process",
                    "key=" + key + " neededBytes=" + neededBytes + " freeBytes=" + freeBytes, null);
            return null;
        }
        CudnnPlan plan = new CudnnPlan(handle, wanted, product.weight().address(), product.ownBias().address());
        boolean taken = false;
        try {
            taken = fits(plan, key) && isBetter(own, handle, plan, key, x, out);
        } finally {
            if (taken) {
                backend.keep(plan);
            } else {
                plan.close();
            }
        }
        return taken ? plan : null;
    }

    /** Whether it needs no more scratch memory than patches take, which is what a session has reserved. */
    private boolean fits(CudnnPlan plan, String key) {
        long patchBytes = CudaConvolution.patchBytes(shape, product.type(), plan.shape().images());
        if (plan.workspaceBytes() <= patchBytes) {
            return true;
        }
        backend.algorithms().refuse(key);
        LOGGER.log(System.Logger.Level.DEBUG,
                "cuDNN takes more scratch memory than patches: key={0} workspaceBytes={1} patchBytes={2}",
                key, plan.workspaceBytes(), patchBytes);
        return false;
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
            if (verdict == Agreement.Verdict.UNKNOWN) {
                backend.tellDetour("results show nothing, so cuDNN is not taken in this process", "key=" + key, null);
            }
            // No deadlock with a product that is planned, and so waits for the search: other.run has planned its own
            // above.
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
