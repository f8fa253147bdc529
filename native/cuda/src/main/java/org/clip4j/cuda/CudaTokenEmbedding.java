package org.clip4j.cuda;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;

/** One warp per token. */
final class CudaTokenEmbedding implements TokenEmbedding {
    private static final int WARPS = 8;

    private final Kernel kernel;
    private final Tensor table;
    private final Tensor positions;

    CudaTokenEmbedding(CudaDevice cuda, Tensor table, Tensor positions) {
        this.table = table;
        this.positions = positions;
        this.kernel = cuda.kernel("token_embedding_" + ElementType.of("table", table).label());
    }

    @Override
    public void run(ExecutionContext context, int[] ids, int[] places, int tokens, Tensor out) {
        CudaContext own = CudaContext.of(context);
        int D = table.columns();
        Operands.checkTokens(ids, places, tokens, table.rows(), positions.rows());
        Operands.requireMatrix("out", out, tokens, D);
        ElementType.F32.require("out", out);
        if (tokens == 0) {
            return;
        }
        long idsOnCard = own.numbers(ids, tokens);
        long placesOnCard = own.numbers(places, tokens);
        own.launch(kernel).pointer(idsOnCard).pointer(placesOnCard).pointer(table.address())
                .pointer(positions.address()).number(tokens).number(D).pointer(out.address())
                .number(out.rowStride()).run((tokens + WARPS - 1) / WARPS, 1, 1, WARPS, 0);
        own.launched();
    }
}
