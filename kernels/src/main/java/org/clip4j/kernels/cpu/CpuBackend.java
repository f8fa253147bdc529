package org.clip4j.kernels.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AveragePool;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
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
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.PinningOrder;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.RowCodes;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;

/**
 * A backend out of a matrix engine and row kernels: one team of threads, on which each operation is split by columns
 * or rows, and each thread calls the engine for its own part.
 */
public final class CpuBackend implements Backend {
    private static final CpuOperation TASK = (call, lane, index, lanes) -> call.task.run(lane, index, lanes);

    private final String name;
    private final MatrixEngine engine;
    private final RowKernels rows;
    private final ThreadTeam team;
    private final int[] pinnedProcessors;

    /**
     * Starts {@code threads - 1} worker threads, which the system may move.
     *
     * @param name as given to {@code --backend}
     * @param rows for native engines {@link RowKernelsProvider#fastest}
     */
    public CpuBackend(String name, MatrixEngine engine, RowKernels rows, int threads) {
        this(name, engine, rows, new BackendOptions(threads, engine.precision()));
    }

    /**
     * Starts as many worker threads as the options ask for, less the caller's own.
     *
     * @param engine closed at once when the threads cannot be had
     * @throws org.clip4j.kernels.BackendException when the threads are to be pinned and cannot
     */
    public CpuBackend(String name, MatrixEngine engine, RowKernels rows, BackendOptions options) {
        this.name = name;
        this.engine = engine;
        this.rows = rows;
        boolean complete = false;
        try {
            pinnedProcessors = options.pinned() ? PinningOrder.forThreads(options.threads()) : new int[0];
            team = new ThreadTeam(options.threads(), pinnedProcessors);
            complete = true;
        } finally {
            if (!complete) {
                engine.close();
            }
        }
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Precision precision() {
        return engine.precision();
    }

    @Override
    public int threads() {
        return team.size();
    }

    @Override
    public int[] pinnedProcessors() {
        return pinnedProcessors.clone();
    }

    @Override
    public String description() {
        return engine.description() + ", " + rows.description();
    }

    @Override
    public Arena newArena() {
        return new Arena(engine.allocator());
    }

    @Override
    public ExecutionContext newContext() {
        return new CpuContext(team, engine);
    }

    /**
     * Runs work of the caller's own on the threads of a session, and returns when all lanes are done. Allocates nothing.
     *
     * @param context from {@link #newContext} of this backend
     */
    public void run(ExecutionContext context, LaneTask task) {
        CpuContext.call(context, TASK).task = task;
        CpuContext.run(context);
    }

    @Override
    public Linear linear(Arena arena, Tensor weight, Tensor bias, Activation activation) {
        Operands.checkLinear(weight, bias);
        if (engine.packs()) {
            return new CpuPackedLinear(pack(arena, weight, bias, activation, engine.precision()));
        }
        return new CpuLinear(engine.accept(toF32(arena, weight)), rows.epilogue(arena, bias, activation));
    }

    @Override
    public Convolution convolution(Arena arena, ConvolutionShape shape, Tensor weight, Tensor bias,
            Activation activation) {
        Operands.checkConvolution(shape, weight, bias);
        if (engine.packs()) {
            // In f32, whatever the precision of linear layers.
            try (Arena whilePacking = newArena()) {
                Tensor matrix = PatchGather.packWeights(whilePacking, shape, weight);
                return convolution(shape, pack(arena, matrix, bias, activation, Precision.F32));
            }
        }
        Tensor matrix = PatchGather.packWeights(arena, shape, weight);
        return new CpuConvolution(shape, engine.accept(matrix), rows.epilogue(arena, bias, activation));
    }

    @Override
    public String packing() {
        return engine.packing(team.size());
    }

    @Override
    public Linear linear(Arena arena, PackedWeights packed, Activation activation) {
        return new CpuPackedLinear(engine.adopt(arena, packed, activation, team.size()));
    }

    @Override
    public Convolution convolution(Arena arena, ConvolutionShape shape, PackedWeights packed, Activation activation) {
        Operands.checkPackedConvolution(shape, packed);
        return convolution(shape, engine.adopt(arena, packed, activation, team.size()));
    }

    private Convolution convolution(ConvolutionShape shape, PackedLayer layer) {
        PackedLayer direct = engine.readingPatches(shape, layer);
        return direct == null ? new CpuPackedConvolution(shape, layer) : new CpuDirectConvolution(shape, direct);
    }

    private PackedLayer pack(Arena arena, Tensor weight, Tensor bias, Activation activation, Precision precision) {
        try (Arena whilePacking = newArena()) {
            // Engines pack weights of the types that models are kept in.
            Tensor single = weight.dtype() == DType.F64 ? toF32(whilePacking, weight) : weight;
            return engine.pack(arena, new LayerWeights(single, bias, activation, precision, team.size()),
                    this::forEach);
        }
    }

    /** Packing is shared by all threads, part by part. */
    private void forEach(int parts, IntConsumer work) {
        AtomicInteger next = new AtomicInteger();
        team.share((lane, lanes) -> {
            for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
                work.accept(part);
            }
        });
    }

    @Override
    public LayerNorm layerNorm(Arena arena, Tensor gain, Tensor bias, float epsilon) {
        Operands.checkLayerNorm(gain, bias, epsilon);
        return new CpuRows(gain.columns(), rows.layerNorm(arena, gain, bias, epsilon));
    }

    @Override
    public Attention attention(int heads, int headWidth, boolean causal) {
        Operands.requirePositive("heads", heads);
        Operands.requirePositive("headWidth", headWidth);
        return new CpuAttention(heads, headWidth, rows.attention(heads, headWidth, causal));
    }

    @Override
    public AveragePool averagePool(int height, int width, int channels, int kernel) {
        Operands.checkAveragePool(height, width, channels, kernel);
        return new CpuAveragePool(height, width, channels, kernel);
    }

    @Override
    public ImageTokens imageTokens(Arena arena, Tensor classEmbedding, Tensor positions) {
        Operands.checkImageTokens(classEmbedding, positions);
        return CpuTokenAssembly.imageTokens(toF32(arena, classEmbedding), toF32(arena, positions));
    }

    @Override
    public MeanToken meanToken(Arena arena, Tensor positions) {
        Operands.checkMeanToken(positions);
        return CpuTokenAssembly.meanToken(toF32(arena, positions));
    }

    @Override
    public TokenEmbedding tokenEmbedding(Arena arena, Tensor table, Tensor positions) {
        Operands.checkTokenEmbedding(table, positions);
        return CpuTokenAssembly.tokenEmbedding(table, toF32(arena, positions));
    }

    @Override
    public RowGather rowGather(int width) {
        Operands.requirePositive("width", width);
        return CpuTokenAssembly.rowGather(width);
    }

    @Override
    public L2Normalize l2Normalize(int width) {
        Operands.requirePositive("width", width);
        return new CpuRows(width, rows.l2Normalize(width));
    }

    @Override
    public NearestRows nearestRows(Arena arena, int width, int capacityRows, DType stored) {
        return nearestRows(arena, width, capacityRows, stored, false);
    }

    @Override
    public NearestRows codedNearestRows(Arena arena, int width, int capacityRows, DType stored) {
        return nearestRows(arena, width, capacityRows, stored, true);
    }

    private NearestRows nearestRows(Arena arena, int width, int capacityRows, DType stored, boolean coded) {
        Operands.checkNearestRows(width, capacityRows, stored);
        return CpuNearestRows.of(new NearestStore(arena, width, capacityRows, stored, coded, this::forEach),
                rows.nearestScan());
    }

    @Override
    public NearestRows nearestRows(Arena arena, RowBlocks there) {
        Operands.checkNearestRows(there.width(), there.rows(), there.dtype());
        return CpuNearestRows.of(NearestStore.of(accepted(there), this::forEach), rows.nearestScan());
    }

    @Override
    public NearestRows codedNearestRows(RowBlocks there, RowCodes codes) {
        Operands.checkNearestRows(there.width(), there.rows(), there.dtype());
        if (codes.codes().rows() != there.rows() || codes.codes().width() != there.width()) {
            throw new IllegalArgumentException("codes are those of other rows: rows=[" + there.rows() + ","
                    + there.width() + "] codes=[" + codes.codes().rows() + "," + codes.codes().width() + "]");
        }
        RowCodes own = new RowCodes(accepted(codes.codes()), accepted(codes.scales()), codes.largestNorm());
        return CpuNearestRows.of(NearestStore.of(accepted(there), own), rows.nearestScan());
    }

    @Override
    public RowCodes rowCodes(Arena arena, RowBlocks there) {
        Operands.checkNearestRows(there.width(), there.rows(), there.dtype());
        return NearestStore.codes(arena, there, this::forEach);
    }

    /** Blocks as what searches takes them. */
    private RowBlocks accepted(RowBlocks there) {
        NearestScan scan = rows.nearestScan();
        List<Tensor> blocks = new ArrayList<>();
        for (int i = 0; i < there.count(); i++) {
            Tensor block = there.block(i);
            // Without a scan only rows in f32 are what the engine multiplies; others are made wide first.
            blocks.add(scan != null
                    ? scan.accept(block)
                    : block.dtype() == DType.F32 ? engine.accept(block) : block);
        }
        return new RowBlocks(blocks);
    }

    @Override
    public void close() {
        team.close();
        engine.close();
    }

    /** The tensor itself when it is F32, else a copy in the arena. */
    static Tensor toF32(Arena arena, Tensor tensor) {
        return tensor.dtype() == DType.F32 ? tensor : arena.copyAsF32(tensor);
    }

    static float[] toArray(Tensor tensor) {
        float[] values = new float[tensor.elements()];
        tensor.read(0, values, 0, values.length);
        return values;
    }
}
