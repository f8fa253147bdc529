package org.clip4j.training;

import java.util.Arrays;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.LaneTask;
import org.clip4j.kernels.cpu.RowMath;

/**
 * Rows are dealt out to lanes; each lane sums its share of the gradients of gain and bias with compensation, and the
 * shares are added in the order of the lanes.
 */
final class LayerNormBackward implements LaneTask {
    private final Share[] shares;
    private Tensor x;
    private Parameter gain;
    private Parameter bias;
    private Tensor dOut;
    private Tensor dx;
    private int rows;
    private float[] gains = new float[0];

    /** What one lane works with. */
    private static final class Share {
        private float[] values = new float[0];
        private float[] gradient;
        private float[] result;
        private float[] products;
        private float[] dGain;
        private float[] dGainLost;
        private float[] dBias;
        private float[] dBiasLost;

        void start(int width) {
            if (values.length != width) {
                values = new float[width];
                gradient = new float[width];
                result = new float[width];
                products = new float[width];
                dGain = new float[width];
                dGainLost = new float[width];
                dBias = new float[width];
                dBiasLost = new float[width];
            }
            Arrays.fill(dGain, 0);
            Arrays.fill(dGainLost, 0);
            Arrays.fill(dBias, 0);
            Arrays.fill(dBiasLost, 0);
        }
    }

    LayerNormBackward(int lanes) {
        shares = new Share[lanes];
        for (int i = 0; i < lanes; i++) {
            shares[i] = new Share();
        }
    }

    void bind(Tensor newX, Parameter newGain, Parameter newBias, Tensor newDOut, int newRows, Tensor newDx) {
        x = newX;
        gain = newGain;
        bias = newBias;
        dOut = newDOut;
        rows = newRows;
        dx = newDx;
        int width = gain.value().elements();
        if (gains.length != width) {
            gains = new float[width];
        }
        gain.value().floats().get(0, gains, 0, width);
    }

    @Override
    public void run(CpuLane lane, int index, int lanes) {
        int width = gains.length;
        Share share = shares[index];
        share.start(width);
        int end = LaneTask.share(rows, index + 1, lanes);
        for (int row = LaneTask.share(rows, index, lanes); row < end; row++) {
            x.floats().get(row * x.rowStride(), share.values, 0, width);
            dOut.floats().get(row * dOut.rowStride(), share.gradient, 0, width);
            dx.floats().get(row * dx.rowStride(), share.result, 0, width);
            backward(share, width);
            dx.floats().put(row * dx.rowStride(), share.result, 0, width);
        }
    }

    private void backward(Share share, int width) {
        float[] values = share.values;
        float[] gradient = share.gradient;
        double mean = RowMath.sum(values, width) / width;
        double squares = RowMath.squaredDistance(values, mean, width);
        float scale = (float) (1 / Math.sqrt(squares / width + BackwardOperations.EPSILON));
        float shift = (float) mean;
        for (int i = 0; i < width; i++) {
            values[i] = (values[i] - shift) * scale;
        }
        RowMath.addCompensated(share.dBias, share.dBiasLost, gradient, width);
        float[] products = share.products;
        for (int i = 0; i < width; i++) {
            products[i] = gradient[i] * values[i];
        }
        RowMath.addCompensated(share.dGain, share.dGainLost, products, width);
        for (int i = 0; i < width; i++) {
            gradient[i] *= gains[i];
        }
        float meanGradient = (float) (RowMath.sum(gradient, width) / width);
        float meanProduct = (float) (RowMath.dot(gradient, values, width) / width);
        float[] result = share.result;
        for (int i = 0; i < width; i++) {
            result[i] += scale * (gradient[i] - meanGradient - values[i] * meanProduct);
        }
    }

    /** Adds what the lanes have summed to the parameters' gradients, after all have run. */
    void addPartialSums() {
        for (int i = 0; i < gains.length; i++) {
            double dGain = gain.gradient().floats().get(i);
            double dBias = bias.gradient().floats().get(i);
            for (Share share : shares) {
                dGain += (double) share.dGain[i] + share.dGainLost[i];
                dBias += (double) share.dBias[i] + share.dBiasLost[i];
            }
            gain.gradient().floats().put(i, (float) dGain);
            bias.gradient().floats().put(i, (float) dBias);
        }
    }
}
