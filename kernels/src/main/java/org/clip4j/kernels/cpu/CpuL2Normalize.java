package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** Norms in double precision, one division per value. */
final class CpuL2Normalize implements L2Normalize, CpuOperation {
    private final int width;

    CpuL2Normalize(int width) {
        this.width = width;
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int rows, Tensor out) {
        Operands.requireMatrix("x", x, rows, width);
        Operands.requireMatrix("out", out, rows, width);
        CpuCall call = CpuContext.call(context, this);
        call.x = x;
        call.out = out;
        call.count = rows;
        CpuContext.run(context);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        FloatBuffer x = call.x.floats();
        FloatBuffer out = call.out.floats();
        int end = CpuOperation.share(call.count, part + 1, parts);
        for (int row = CpuOperation.share(call.count, part, parts); row < end; row++) {
            int from = row * call.x.rowStride();
            int to = row * call.out.rowStride();
            double squares = 0;
            for (int i = 0; i < width; i++) {
                double value = x.get(from + i);
                squares += value * value;
            }
            double norm = squares == 0 ? 1 : Math.sqrt(squares);
            for (int i = 0; i < width; i++) {
                out.put(to + i, (float) (x.get(from + i) / norm));
            }
        }
    }
}
