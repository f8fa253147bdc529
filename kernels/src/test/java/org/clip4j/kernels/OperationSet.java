package org.clip4j.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.clip4j.kernels.ConvolutionShape.Layout;

/**
 * One of each operation of a backend, small, with a workspace to run in. The operations and their inputs are shared by
 * all sessions, the outputs belong to one.
 */
final class OperationSet {
    private static final int ROWS = 33;
    private static final int WIDTH = 48;
    private static final int HEADS = 3;
    private static final int TOKENS = 11;
    /** Rows to search in: enough for any way that a backend may have. */
    private static final int SEARCHED = 2100;
    private static final int NEAREST = 7;

    /** What sessions share. */
    private record Shared(Linear linear, Linear gelu, LayerNorm layerNorm, Attention attention, Attention causal,
            Convolution channelsFirst, Convolution channelsLast, Convolution pointwise, AveragePool averagePool,
            ImageTokens imageTokens, MeanToken meanToken, TokenEmbedding tokenEmbedding, TokenEmbedding halfEmbedding,
            RowGather rowGather, L2Normalize l2Normalize, NearestRows nearest, NearestRows nearestHalf, Tensor x,
            Tensor qkv,
            Tensor before) {}

    private static final int[] OFFSETS = {0, 11, 11, 22, 33};
    private static final int[] QUERY_OFFSETS = {0, 1, 1, 2, 3};
    private static final int[] IDS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4, 3, 3, 8,
            3,
            2, 7, 9, 5, 0};
    private static final int[] PLACES = IntStream.range(0, ROWS).map(row -> row % TOKENS).toArray();
    private static final int[] TREE_OFFSETS = {0, 4, 4, 6, 9};
    private static final int[] PATH_OFFSETS = {0, 4, 8, 13, 17};
    private static final int[] PATHS = {0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 4, 5, 0, 6, 7, 8};
    private static final int[] CHOSEN = {32, 0, 7, 7};

    private final Shared shared;
    private final Tensor out;
    private final Tensor wide;
    private final Tensor indices;
    private final AttentionInput attention;
    private final AttentionInput pool;
    private final AttentionInput tree;
    private final FloatBuffer callers = ByteBuffer.allocateDirect(ROWS * WIDTH * Float.BYTES)
            .order(ByteOrder.nativeOrder()).asFloatBuffer();

    private OperationSet(Shared shared, Arena arena) {
        this.shared = shared;
        this.out = arena.allocate(DType.F32, ROWS * 4, WIDTH);
        this.wide = arena.allocate(DType.F32, ROWS, 4 * WIDTH);
        this.indices = arena.allocate(DType.I32, ROWS, NEAREST);
        this.attention = AttentionInput.packed(shared.qkv);
        attention.segments(OFFSETS, OFFSETS, OFFSETS.length - 1);
        Tensor keys = shared.qkv.columns(WIDTH, 2 * WIDTH);
        this.pool = new AttentionInput(shared.x, keys, keys);
        pool.segments(QUERY_OFFSETS, OFFSETS, OFFSETS.length - 1);
        this.tree = AttentionInput.packed(shared.qkv);
        tree.segments(TREE_OFFSETS, PATH_OFFSETS, PATHS, TREE_OFFSETS.length - 1);
    }

    static OperationSet of(Trial trial) {
        Backend backend = trial.backend;
        Arena arena = trial.arena;
        Tensor positions = trial.normal(TOKENS, WIDTH);
        ConvolutionShape first = new ConvolutionShape(Layout.CHANNELS_FIRST, 12, 8, 3, WIDTH, 4, 4, 0);
        ConvolutionShape last = new ConvolutionShape(Layout.CHANNELS_LAST, 6, 5, WIDTH, WIDTH, 3, 2, 1);
        ConvolutionShape pointwise = new ConvolutionShape(Layout.CHANNELS_LAST, 6, 5, WIDTH, WIDTH, 1, 1, 0);
        NearestRows nearest = backend.nearestRows(arena, WIDTH, SEARCHED, DType.F32);
        NearestRows nearestHalf = backend.nearestRows(arena, WIDTH, SEARCHED, DType.F16);
        Tensor searched = trial.normal(SEARCHED, WIDTH);
        nearest.set(trial.context, 0, searched, SEARCHED);
        nearestHalf.set(trial.context, 0, searched, SEARCHED);
        return new OperationSet(new Shared(
                backend.linear(arena, trial.normal(WIDTH, WIDTH), null, Activation.NONE),
                backend.linear(arena, trial.normal(4 * WIDTH, WIDTH), trial.normal(4 * WIDTH), Activation.GELU),
                backend.layerNorm(arena, trial.normal(WIDTH), trial.normal(WIDTH), 1e-5f),
                backend.attention(HEADS, WIDTH / HEADS, false), backend.attention(HEADS, WIDTH / HEADS, true),
                backend.convolution(arena, first, trial.normal(WIDTH, 3, 4, 4), null, Activation.NONE),
                backend.convolution(arena, last, trial.normal(WIDTH, WIDTH, 3, 3), trial.normal(WIDTH),
                        Activation.RELU),
                backend.convolution(arena, pointwise, trial.normal(WIDTH, WIDTH, 1, 1), trial.normal(WIDTH),
                        Activation.QUICK_GELU),
                backend.averagePool(4, 6, WIDTH, 2), backend.imageTokens(arena, trial.normal(WIDTH), positions),
                backend.meanToken(arena, positions),
                backend.tokenEmbedding(arena, trial.normal(10, WIDTH), positions),
                backend.tokenEmbedding(arena, trial.normal(DType.F16, 1, 10, WIDTH), positions),
                backend.rowGather(WIDTH), backend.l2Normalize(WIDTH), nearest, nearestHalf, trial.normal(ROWS, WIDTH),
                trial.normal(ROWS, 3 * WIDTH), trial.normal(4 * ROWS, WIDTH)), arena);
    }

    /** The same operations and inputs with other outputs. */
    OperationSet withOwnWorkspace(Trial trial) {
        return new OperationSet(shared, trial.arena);
    }

    /** One call of each operation. */
    Map<String, Runnable> calls(ExecutionContext context) {
        Shared s = shared;
        Map<String, Runnable> calls = new LinkedHashMap<>();
        calls.put("linear", () -> s.linear.run(context, s.x, ROWS, out));
        calls.put("linear added", () -> s.linear.runAdd(context, s.x, ROWS, out));
        calls.put("linear gelu", () -> s.gelu.run(context, s.x, ROWS, wide));
        calls.put("layerNorm", () -> s.layerNorm.run(context, s.x, ROWS, out));
        calls.put("attention", () -> s.attention.run(context, attention, out));
        calls.put("causal attention", () -> s.causal.run(context, attention, out));
        calls.put("attention pool", () -> s.attention.run(context, pool, out));
        calls.put("causal attention of a tree", () -> s.causal.run(context, tree, out));
        calls.put("convolution channels first", () -> s.channelsFirst.run(context, s.x, 2, out));
        calls.put("convolution channels last", () -> s.channelsLast.run(context, s.x, 1, out));
        calls.put("convolution pointwise", () -> s.pointwise.run(context, s.x, 1, out));
        calls.put("convolution added", () -> s.channelsLast.runAdd(context, s.x, 1, out));
        calls.put("averagePool", () -> s.averagePool.run(context, s.x, 1, out));
        calls.put("imageTokens", () -> s.imageTokens.run(context, s.x, 3, out));
        calls.put("meanToken", () -> s.meanToken.run(context, s.x, 3, out));
        calls.put("tokenEmbedding", () -> s.tokenEmbedding.run(context, IDS, PLACES, ROWS, out));
        calls.put("tokenEmbedding f16", () -> s.halfEmbedding.run(context, IDS, PLACES, ROWS, out));
        calls.put("rowGather", () -> s.rowGather.run(context, s.x, CHOSEN, CHOSEN.length, out));
        calls.put("l2Normalize", () -> s.l2Normalize.run(context, s.x, ROWS, out));
        calls.put("nearest of one", () -> s.nearest.run(context, s.x, 1, SEARCHED, NEAREST, out, indices));
        calls.put("nearest of few", () -> s.nearestHalf.run(context, s.x, 3, SEARCHED, NEAREST, out, indices));
        calls.put("nearest of many", () -> s.nearestHalf.run(context, s.x, ROWS, SEARCHED, NEAREST, out, indices));
        calls.put("download", () -> context.download(s.x, callers, 0, ROWS * WIDTH));
        calls.put("upload", () -> context.upload(callers, 0, out, ROWS * WIDTH));
        return calls;
    }

    /** All outputs of one round of calls, each from the same start, as bits. */
    int[] bits(ExecutionContext context) {
        Map<String, Runnable> calls = calls(context);
        int each = out.elements() + wide.elements() + indices.elements();
        int[] bits = new int[calls.size() * each];
        int at = 0;
        for (Runnable call : calls.values()) {
            out.floats().put(0, shared.before.floats(), 0, out.elements());
            wide.floats().put(0, shared.before.floats(), 0, wide.elements());
            for (int i = 0; i < indices.elements(); i++) {
                indices.bytes().putInt(i * Integer.BYTES, 0);
            }
            call.run();
            for (int i = 0; i < out.elements(); i++) {
                bits[at++] = out.bytes().getInt(i * Float.BYTES);
            }
            for (int i = 0; i < wide.elements(); i++) {
                bits[at++] = wide.bytes().getInt(i * Float.BYTES);
            }
            for (int i = 0; i < indices.elements(); i++) {
                bits[at++] = indices.bytes().getInt(i * Integer.BYTES);
            }
        }
        return bits;
    }
}
