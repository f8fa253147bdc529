package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Tensor;

/** What follows a matrix product: bias and activation, in one pass over the result while it is in a cache. */
final class Epilogue {
    private final float[] bias;
    private final Activation activation;

    private Epilogue(float[] bias, Activation activation) {
        this.bias = bias;
        this.activation = activation;
    }

    static Epilogue of(Tensor bias, Activation activation) {
        return new Epilogue(bias == null ? null : CpuBackend.toArray(bias), activation);
    }

    /** Applies it to a part of a result: rows and columns from (inclusive) to (exclusive). */
    void apply(RowMath math, Tensor out, int fromRow, int toRow, int fromColumn, int toColumn) {
        if (bias == null && activation == Activation.NONE) {
            return;
        }
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
