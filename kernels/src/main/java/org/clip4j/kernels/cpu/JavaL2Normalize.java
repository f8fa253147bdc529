package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Tensor;

/** Norms in double precision, one division per value. */
final class JavaL2Normalize implements RowOperation {
    private final int width;

    JavaL2Normalize(int width) {
        this.width = width;
    }

    @Override
    public void run(CpuLane lane, Tensor x, Tensor out, int fromRow, int toRow) {
        FloatBuffer values = x.floats();
        FloatBuffer results = out.floats();
        for (int row = fromRow; row < toRow; row++) {
            int from = row * x.rowStride();
            int to = row * out.rowStride();
            double squares = 0;
            for (int i = 0; i < width; i++) {
                double value = values.get(from + i);
                squares += value * value;
            }
            double norm = squares == 0 ? 1 : Math.sqrt(squares);
            for (int i = 0; i < width; i++) {
                results.put(to + i, (float) (values.get(from + i) / norm));
            }
        }
    }
}
