package org.clip4j.cuda;

import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** Attention in one pass over keys and values: on matrix units for 16-bit heads of CLIP's width, else on plain ones. */
final class CudaAttention implements Attention {
    /**
     * Width of a head in all of CLIP's models (openai/CLIP clip/model.py), and the one that matrix units are used for.
     */
    private static final int MATRIX_HEAD_WIDTH = 64;
    private static final int MATRIX_WARPS = 4;
    private static final int MATRIX_QUERIES = 64;
    private static final int WARPS = 8;
    /** Blocks along the queries of one segment; more queries than they hold are walked over. */
    private static final int MAX_TILES = 64;
    private static final int ROW_ALIGNMENT_BYTES = 16;

    private final TypedKernels general;
    private final TypedKernels matrix;
    private final int heads;
    private final int headWidth;
    private final boolean causal;
    private final float scale;

    CudaAttention(CudaDevice cuda, int heads, int headWidth, boolean causal) {
        this.heads = heads;
        this.headWidth = headWidth;
        this.causal = causal;
        this.scale = (float) (1 / Math.sqrt(headWidth));
        general = TypedKernels.all(cuda, "attention_");
        boolean matrixUnits = headWidth == MATRIX_HEAD_WIDTH && cuda.info().hasAsyncMatrixUnits();
        matrix = new TypedKernels(cuda, type -> matrixUnits && type != ElementType.F32
                ? "attention_mma_" + type.label() + "_64"
                : null);
    }

    @Override
    public void run(ExecutionContext context, AttentionInput input, Tensor out) {
        CudaContext own = CudaContext.of(context);
        Operands.checkAttention(input, heads * headWidth, out);
        int segments = input.segments();
        if (segments == 0) {
            return;
        }
        Tensor queries = input.queries();
        Tensor keys = input.keys();
        Tensor values = input.values();
        ElementType type = ElementType.of("queries", queries);
        if (keys.dtype() != queries.dtype() || values.dtype() != queries.dtype() || out.dtype() != queries.dtype()) {
            throw new IllegalArgumentException("operands differ in type: queries=" + queries + " keys=" + keys
                    + " values=" + values + " out=" + out);
        }
        int longest = 0;
        for (int s = 0; s < segments; s++) {
            longest = Math.max(longest, input.queryOffset(s + 1) - input.queryOffset(s));
        }
        boolean onMatrixUnits = matrix.find(type) != null && isAligned(queries) && isAligned(keys)
                && isAligned(values) && isAligned(out);
        int tileRows = onMatrixUnits ? MATRIX_QUERIES : WARPS;
        int tiles = Math.min(MAX_TILES, (longest + tileRows - 1) / tileRows);
        long keyRows = input.keyRows() == null
                ? 0
                : own.numbers(input.keyRows(), input.keyOffsets(), segments);
        own.launch(onMatrixUnits ? matrix.get(type) : general.get(type)).pointer(queries.address())
                .number(queries.rowStride()).pointer(keys.address()).number(keys.rowStride())
                .pointer(values.address()).number(values.rowStride())
                .pointer(own.numbers(input.queryOffsets(), segments + 1))
                .pointer(own.numbers(input.keyOffsets(), segments + 1)).pointer(keyRows).number(headWidth)
                .number(causal ? 1 : 0).real(scale).pointer(out.address()).number(out.rowStride())
                .run(heads, segments, tiles, onMatrixUnits ? MATRIX_WARPS : WARPS, 0);
        own.launched();
    }

    private static boolean isAligned(Tensor tensor) {
        return tensor.address() % ROW_ALIGNMENT_BYTES == 0
                && tensor.rowStride() * tensor.dtype().sizeBytes() % ROW_ALIGNMENT_BYTES == 0;
    }
}
