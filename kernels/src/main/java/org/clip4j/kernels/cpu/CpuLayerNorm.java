package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** Two passes per row, mean before variance, sums in double precision. */
final class CpuLayerNorm implements LayerNorm, CpuOperation {
    private final float[] gain;
    private final float[] bias;
    private final float epsilon;

    CpuLayerNorm(float[] gain, float[] bias, float epsilon) {
        this.gain = gain;
        this.bias = bias;
        this.epsilon = epsilon;
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int rows, Tensor out) {
        Operands.requireMatrix("x", x, rows, gain.length);
        Operands.requireMatrix("out", out, rows, gain.length);
        CpuCall call = CpuContext.call(context, this);
        call.x = x;
        call.out = out;
        call.count = rows;
        CpuContext.run(context);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        int end = CpuOperation.share(call.count, part + 1, parts);
        for (int row = CpuOperation.share(call.count, part, parts); row < end; row++) {
            normalize(call.x.floats(), row * call.x.rowStride(), call.out.floats(), row * call.out.rowStride(),
                    lane.rows());
        }
    }

    private void normalize(FloatBuffer x, int xStart, FloatBuffer out, int outStart, RowMath math) {
        int width = gain.length;
        float[] row = math.row();
        double sum = 0;
        for (int at = 0; at < width; at += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, width - at);
            x.get(xStart + at, row, 0, length);
            sum += RowMath.sum(row, length);
        }
        double mean = sum / width;
        double squares = 0;
        for (int at = 0; at < width; at += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, width - at);
            x.get(xStart + at, row, 0, length);
            squares += RowMath.squaredDistance(row, mean, length);
        }
        float scale = (float) (1 / Math.sqrt(squares / width + epsilon));
        float shift = (float) mean;
        for (int at = 0; at < width; at += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, width - at);
            x.get(xStart + at, row, 0, length);
            affine(row, shift, scale, at, length);
            out.put(outStart + at, row, 0, length);
        }
    }

    private void affine(float[] row, float shift, float scale, int at, int length) {
        for (int i = 0; i < length; i++) {
            row[i] = (row[i] - shift) * scale * gain[at + i] + bias[at + i];
        }
    }
}
