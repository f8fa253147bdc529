package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Tensor;

/** Two passes per row, mean before variance, sums in double precision. */
final class JavaLayerNorm implements RowOperation {
    private final float[] gain;
    private final float[] bias;
    private final float epsilon;

    JavaLayerNorm(float[] gain, float[] bias, float epsilon) {
        this.gain = gain;
        this.bias = bias;
        this.epsilon = epsilon;
    }

    @Override
    public void run(CpuLane lane, Tensor x, Tensor out, int fromRow, int toRow) {
        for (int row = fromRow; row < toRow; row++) {
            normalize(x.floats(), row * x.rowStride(), out.floats(), row * out.rowStride(), lane.rows());
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
