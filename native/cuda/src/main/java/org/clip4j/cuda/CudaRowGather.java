package org.clip4j.cuda;

import java.util.Objects;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;

/** One warp per row. */
final class CudaRowGather implements RowGather {
    private static final int WARPS = 4;

    private final Kernel words;
    private final Kernel halfWords;
    private final int width;

    CudaRowGather(CudaDevice cuda, int width) {
        this.width = width;
        this.words = cuda.kernel("gather_rows_32");
        this.halfWords = cuda.kernel("gather_rows_16");
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int[] rows, int count, Tensor out) {
        CudaContext own = CudaContext.of(context);
        Operands.requireMatrix("x", x, 0, width);
        Operands.requireMatrix("out", out, count, width);
        ElementType type = ElementType.of("x", x);
        type.require("out", out);
        Objects.checkFromIndexSize(0, count, rows.length);
        for (int i = 0; i < count; i++) {
            Objects.checkIndex(rows[i], x.rows());
        }
        if (count == 0) {
            return;
        }
        long rowsOnCard = own.numbers(rows, count);
        own.launch(type == ElementType.F32 ? words : halfWords).pointer(x.address()).number(x.rowStride())
                .pointer(rowsOnCard).number(count).number(width).pointer(out.address()).number(out.rowStride())
                .run((count + WARPS - 1) / WARPS, 1, 1, WARPS, 0);
        own.launched();
    }
}
