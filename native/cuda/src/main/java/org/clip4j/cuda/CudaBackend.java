package org.clip4j.cuda;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AveragePool;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.ImageTokens;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.MeanToken;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.ResidualNorm;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;

/** A card as a backend. Each session has a stream of its own; operations are shared by all. */
final class CudaBackend implements Backend {
    private static final System.Logger LOGGER = System.getLogger(CudaBackend.class.getName());

    /** How a backend works; the first is for use, the second for tests that look at every operation's result. */
    enum Mode {
        /** Memory of the card, recorded sequences, calls return before the card is done. */
        DEVICE,
        /** Memory of the host that the card can reach, nothing recorded, each call waits for its result. */
        HOST_MEMORY
    }

    private final CudaDevice cuda;
    private final Precision precision;
    private final ElementType type;
    private final Mode mode;
    private final AlgorithmSearch algorithms;
    private final AlgorithmSearch guesses;
    private final List<AutoCloseable> plans = new ArrayList<>();
    private final Set<String> detours = new HashSet<>(); // that were told of
    private CudnnLibrary cudnn; // once a convolution has asked for it
    private volatile boolean closed;

    CudaBackend(CudaDevice cuda, Precision precision, Mode mode, AlgorithmSearch algorithms) {
        this.cuda = cuda;
        this.precision = precision;
        this.mode = mode;
        this.algorithms = algorithms;
        this.guesses = new AlgorithmSearch(cuda, AlgorithmSearch.Effort.FIRST, null);
        this.type = switch (precision) {
            case F32, TF32 -> ElementType.F32;
            case F16, FP8 -> ElementType.F16;
            case BF16 -> ElementType.BF16;
            case INT8 -> throw new IllegalArgumentException("no layer is computed in int8 on a card");
        };
    }

    @Override
    public String name() {
        return CudaBackendProvider.NAME;
    }

    @Override
    public Precision precision() {
        return precision;
    }

    /** Of the products that are not in 8 bits whatever the precision. */
    Precision widePrecision() {
        return precision == Precision.FP8 ? Precision.F16 : precision;
    }

    @Override
    public int threads() {
        return 1;
    }

    @Override
    public String description() {
        return "cuda:" + cuda.index() + " " + cuda.info() + ", CUDA " + CardInfo.runtimeVersion() + ", driver for CUDA "
                + CardInfo.driverVersion() + ", cublasLt " + cuda.blasVersion();
    }

    @Override
    public DType activationType() {
        return type.dtype();
    }

    @Override
    public Arena newArena() {
        return new Arena(mode == Mode.DEVICE ? cuda.memory() : cuda.pinned());
    }

    @Override
    public ExecutionContext newContext() {
        requireOpen();
        return new CudaContext(this, cuda);
    }

    boolean records() {
        return mode == Mode.DEVICE;
    }

    boolean isSynchronous() {
        return mode == Mode.HOST_MEMORY;
    }

    CudaDevice cuda() {
        return cuda;
    }

    AlgorithmSearch algorithms() {
        return algorithms;
    }

    /** cuDNN, loaded when it is first asked for: transformers go without. */
    synchronized CudnnLibrary cudnn() {
        if (cudnn == null) {
            cudnn = CudnnLibrary.load();
        }
        return cudnn;
    }

    /** A search that measures nothing, for where there is no memory to measure in. */
    AlgorithmSearch guesses() {
        return guesses;
    }

    /**
     * Tells that something takes a way in this process that may be slower than it could be; at INFO once.
     *
     * @param what the same words each time
     * @param details numbers as key=value
     * @param cause or null
     */
    synchronized void tellDetour(String what, String details, Throwable cause) {
        System.Logger.Level level = detours.add(what) ? System.Logger.Level.INFO : System.Logger.Level.DEBUG;
        LOGGER.log(level, what + ": " + details, cause);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the backend is closed: name=" + name());
        }
    }

    /** Keeps something of the libraries' until the backend is closed. */
    synchronized void keep(AutoCloseable plan) {
        plans.add(plan);
    }

    @Override
    public Linear linear(Arena arena, Tensor weight, Tensor bias, Activation activation) {
        Operands.checkLinear(weight, bias);
        if (precision == Precision.FP8 && Fp8Factors.suit(weight, bias)) {
            return CudaLinear.fp8(this, arena, weight, bias, activation);
        }
        return new CudaLinear(this, arena, CudaWeights.copy(cuda, arena, weight, type), bias, activation);
    }

    @Override
    public Convolution convolution(Arena arena, ConvolutionShape shape, Tensor weight, Tensor bias,
            Activation activation) {
        Operands.checkConvolution(shape, weight, bias);
        Tensor matrix = CudaWeights.matrix(cuda, arena, shape, weight, type);
        return new CudaConvolution(this, shape, new CudaLinear(this, arena, matrix, bias, activation));
    }

    @Override
    public LayerNorm layerNorm(Arena arena, Tensor gain, Tensor bias, float epsilon) {
        Operands.checkLayerNorm(gain, bias, epsilon);
        return new CudaLayerNorm(cuda, CudaWeights.copy(cuda, arena, gain, ElementType.F32),
                CudaWeights.copy(cuda, arena, bias, ElementType.F32), epsilon);
    }

    @Override
    public ResidualNorm residualNorm(Linear linear, LayerNorm norm) {
        return new CudaResidualNorm((CudaLinear) linear, (CudaLayerNorm) norm);
    }

    @Override
    public Attention attention(int heads, int headWidth, boolean causal) {
        Operands.requirePositive("heads", heads);
        Operands.requirePositive("headWidth", headWidth);
        return new CudaAttention(cuda, heads, headWidth, causal);
    }

    @Override
    public AveragePool averagePool(int height, int width, int channels, int kernel) {
        Operands.checkAveragePool(height, width, channels, kernel);
        return new CudaAveragePool(cuda, height, width, channels, kernel);
    }

    @Override
    public ImageTokens imageTokens(Arena arena, Tensor classEmbedding, Tensor positions) {
        Operands.checkImageTokens(classEmbedding, positions);
        return new CudaImageTokens(cuda, CudaWeights.copy(cuda, arena, classEmbedding, ElementType.F32),
                CudaWeights.copy(cuda, arena, positions, ElementType.F32));
    }

    @Override
    public MeanToken meanToken(Arena arena, Tensor positions) {
        Operands.checkMeanToken(positions);
        return new CudaMeanToken(cuda, CudaWeights.copy(cuda, arena, positions, ElementType.F32));
    }

    @Override
    public TokenEmbedding tokenEmbedding(Arena arena, Tensor table, Tensor positions) {
        Operands.checkTokenEmbedding(table, positions);
        return new CudaTokenEmbedding(cuda, CudaWeights.copy(cuda, arena, table, CudaWeights.tableType(table.dtype())),
                CudaWeights.copy(cuda, arena, positions, ElementType.F32));
    }

    @Override
    public RowGather rowGather(int width) {
        Operands.requirePositive("width", width);
        return new CudaRowGather(cuda, width);
    }

    @Override
    public L2Normalize l2Normalize(int width) {
        Operands.requirePositive("width", width);
        return new CudaL2Normalize(cuda, width);
    }

    @Override
    public NearestRows nearestRows(Arena arena, int width, int capacityRows, DType stored) {
        return new CudaNearestRows(cuda, arena, width, capacityRows, stored, false);
    }

    @Override
    public NearestRows nearestRows(Arena arena, RowBlocks rows) {
        CudaNearestRows copy = new CudaNearestRows(cuda, arena, rows.width(), rows.rows(), rows.dtype(), true);
        try (CudaContext context = new CudaContext(this, cuda)) {
            copy.fill(context, rows);
        }
        return copy;
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        IllegalStateException failure = null;
        for (AutoCloseable plan : plans) {
            try {
                plan.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = new IllegalStateException("cannot free a plan of a matrix product", e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        cuda.close();
        if (failure != null) {
            throw failure;
        }
    }
}
