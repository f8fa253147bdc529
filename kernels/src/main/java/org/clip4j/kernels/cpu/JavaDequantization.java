package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Tensor;

/** In plain Java, a stretch of a row after the other. */
final class JavaDequantization implements Dequantization {
    private final float[] bias;
    private final Activation activation;

    JavaDequantization(float[] bias, Activation activation) {
        this.bias = bias;
        this.activation = activation;
    }

    @Override
    public void run(CpuLane lane, PackedCall call, Tensor sums, int fromRow, int toRow, int fromColumn) {
        for (int row = fromRow; row < toRow; row++) {
            finish(lane.rows(), call, row, fromColumn, sums.floats(), (row - fromRow) * bias.length);
        }
    }

    private void finish(RowMath math, PackedCall call, int row, int fromColumn, FloatBuffer sums, int firstSum) {
        FloatBuffer out = call.out().floats();
        float scale = call.prepared().floats().get(row);
        for (int column = 0; column < bias.length; column += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, bias.length - column);
            int at = call.outOffset(row) + fromColumn + column;
            sums.get(firstSum + column, math.row(), 0, length);
            math.scale(scale, length);
            System.arraycopy(bias, column, math.other(), 0, length);
            math.add(math.other(), length);
            if (call.add()) {
                out.get(at, math.other(), 0, length);
                math.add(math.other(), length);
            }
            math.activate(activation, length);
            out.put(at, math.row(), 0, length);
        }
    }
}
