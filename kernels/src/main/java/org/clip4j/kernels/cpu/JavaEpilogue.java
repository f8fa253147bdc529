package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Tensor;

/** Bias and activation in plain Java. */
final class JavaEpilogue implements Epilogue {
    private final float[] bias;
    private final Activation activation;

    JavaEpilogue(Tensor bias, Activation activation) {
        this.bias = bias == null ? null : CpuBackend.toArray(bias);
        this.activation = activation;
    }

    @Override
    public void apply(CpuLane lane, Tensor out, int fromRow, int toRow, int fromColumn, int toColumn) {
        if (bias == null && activation == Activation.NONE) {
            return;
        }
        RowMath math = lane.rows();
        FloatBuffer floats = out.floats();
        for (int column = fromColumn; column < toColumn; column += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, toColumn - column);
            if (bias != null) {
                System.arraycopy(bias, column, math.bias(), 0, length);
            }
            for (int row = fromRow; row < toRow; row++) {
                int at = row * out.rowStride() + column;
                floats.get(at, math.row(), 0, length);
                if (bias != null) {
                    math.add(math.bias(), length);
                }
                math.activate(activation, length);
                floats.put(at, math.row(), 0, length);
            }
        }
    }
}
