package org.clip4j.training;

import java.nio.FloatBuffer;
import java.util.List;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.LaneTask;
import org.clip4j.kernels.cpu.RowMath;

/**
 * One step of the matrices within blocks, each in the orthogonal matrix nearest to its momentum, so that all of its
 * singular directions change alike. Newton-Schulz iterations find it, three matrix products each. The matrices are dealt
 * out to lanes, the same ones for a number of lanes.
 *
 * <p>Source: Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks; the size of a step from Liu et
 * al. 2025, Muon is Scalable for LLM Training.
 */
final class OrthogonalStep implements LaneTask {
    private static final int ITERATIONS = 5;
    // Coefficients of the first source: singular values from 0.002 to 1 end between 0.68 and 1.21.
    private static final float LINEAR = 3.4445f;
    private static final float CUBIC = -4.7750f;
    private static final float QUINTIC = 2.0315f;
    private static final float MOMENTUM = 0.95f;
    /** Keeps a gradient of zeros from being divided by its norm. */
    private static final double TINY = 1e-12;

    private final List<AdamW.Moments> moments;
    private final double rootMeanSquare;
    private final float keptByDecay;
    private final float clip;

    /**
     * A step of one learning rate.
     *
     * @param moments whose parameters have matrices; the others are left as they are
     * @param rootMeanSquare of the change of a matrix's elements
     * @param keptByDecay factor for the weights
     * @param clip factor for the gradients
     */
    OrthogonalStep(List<AdamW.Moments> moments, double rootMeanSquare, float keptByDecay, float clip) {
        this.moments = moments;
        this.rootMeanSquare = rootMeanSquare;
        this.keptByDecay = keptByDecay;
        this.clip = clip;
    }

    @Override
    public void run(CpuLane lane, int index, int lanes) {
        long[] load = new long[lanes];
        for (AdamW.Moments own : moments) {
            for (int i = 0; i < own.parameter().matrices(); i++) {
                Matrix matrix = Matrix.of(own, i);
                int idlest = 0;
                for (int other = 1; other < lanes; other++) {
                    idlest = load[other] < load[idlest] ? other : idlest;
                }
                load[idlest] += (long) matrix.size() * matrix.least();
                if (idlest == index) {
                    step(matrix, lane);
                }
            }
        }
    }

    /** Rows of a parameter that are a matrix of their own, from element {@code at} on. */
    private record Matrix(AdamW.Moments moments, int at, int rows, int columns) {
        static Matrix of(AdamW.Moments moments, int index) {
            Tensor value = moments.parameter().value();
            int rows = value.rows() / moments.parameter().matrices();
            return new Matrix(moments, index * rows * value.columns(), rows, value.columns());
        }

        int size() {
            return rows * columns;
        }

        int least() {
            return Math.min(rows, columns);
        }
    }

    private void step(Matrix matrix, CpuLane lane) {
        int least = matrix.least();
        Tensor scratch = lane.scratch(2 * matrix.size() + 2 * least * least);
        double squares = gather(matrix, lane.rows(), scratch.floats());
        scale(scratch.floats(), 0, matrix.size(), (float) (1 / (Math.sqrt(squares) + TINY)), lane.rows());
        int direction = orthogonalise(matrix, lane, scratch);
        // The elements of an orthogonal matrix have a mean square of one in its longer side.
        float rate = (float) (rootMeanSquare * Math.sqrt(Math.max(matrix.rows, matrix.columns)));
        FloatBuffer value = matrix.moments.parameter().value().floats();
        float[] weights = lane.rows().row();
        float[] change = lane.rows().other();
        for (int i = 0; i < matrix.size(); i += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, matrix.size() - i);
            value.get(matrix.at + i, weights, 0, length);
            scratch.floats().get(direction + i, change, 0, length);
            for (int j = 0; j < length; j++) {
                weights[j] = weights[j] * keptByDecay - rate * change[j];
            }
            value.put(matrix.at + i, weights, 0, length);
        }
    }

    /** The momentum, one step ahead, goes to the scratch's start; returns the sum of its squares. */
    private double gather(Matrix matrix, RowMath math, FloatBuffer scratch) {
        FloatBuffer means = matrix.moments.mean().floats();
        FloatBuffer gradients = matrix.moments.parameter().gradient().floats();
        float[] mean = math.row();
        float[] gradient = math.other();
        double squares = 0;
        for (int i = 0; i < matrix.size(); i += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, matrix.size() - i);
            means.get(matrix.at + i, mean, 0, length);
            gradients.get(matrix.at + i, gradient, 0, length);
            for (int j = 0; j < length; j++) {
                float g = gradient[j] * clip;
                mean[j] = MOMENTUM * mean[j] + g;
                gradient[j] = MOMENTUM * mean[j] + g;
            }
            means.put(matrix.at + i, mean, 0, length);
            scratch.put(i, gradient, 0, length);
            squares += RowMath.squaredDistance(gradient, 0, length);
        }
        return squares;
    }

    private static void scale(FloatBuffer floats, int from, int count, float factor, RowMath math) {
        float[] row = math.row();
        for (int i = 0; i < count; i += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, count - i);
            floats.get(from + i, row, 0, length);
            for (int j = 0; j < length; j++) {
                row[j] *= factor;
            }
            floats.put(from + i, row, 0, length);
        }
    }

    /** x = x * p(x' * x), or with both products the other way round, whichever is smaller; returns where the last x is. */
    private static int orthogonalise(Matrix matrix, CpuLane lane, Tensor scratch) {
        int rows = matrix.rows;
        int columns = matrix.columns;
        int least = matrix.least();
        boolean wide = rows <= columns;
        int x = 0;
        int next = matrix.size();
        int gram = 2 * matrix.size();
        int polynomial = gram + least * least;
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            if (wide) {
                lane.product().a(scratch, x, columns).bTransposed(scratch, x, columns);
            } else {
                lane.product().aTransposed(scratch, x, columns).b(scratch, x, columns);
            }
            lane.product().c(scratch, gram, least, false).size(least, least, wide ? columns : rows, 1f);
            lane.multiply(); // gram = x * x' or x' * x
            lane.product().a(scratch, gram, least).b(scratch, gram, least).c(scratch, polynomial, least, false)
                    .size(least, least, least, QUINTIC);
            lane.multiply();
            addLowerTerms(scratch.floats(), gram, polynomial, least, lane.rows());
            if (wide) {
                lane.product().a(scratch, polynomial, least).b(scratch, x, columns);
            } else {
                lane.product().a(scratch, x, columns).b(scratch, polynomial, least);
            }
            lane.product().c(scratch, next, columns, false).size(rows, columns, least, 1f);
            lane.multiply();
            int last = x;
            x = next;
            next = last;
        }
        return x;
    }

    /** polynomial += CUBIC * gram + LINEAR * identity. */
    private static void addLowerTerms(FloatBuffer floats, int gram, int polynomial, int least, RowMath math) {
        float[] sum = math.row();
        float[] term = math.other();
        int count = least * least;
        for (int i = 0; i < count; i += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, count - i);
            floats.get(polynomial + i, sum, 0, length);
            floats.get(gram + i, term, 0, length);
            for (int j = 0; j < length; j++) {
                sum[j] += CUBIC * term[j];
            }
            floats.put(polynomial + i, sum, 0, length);
        }
        for (int i = 0; i < count; i += least + 1) {
            floats.put(polynomial + i, floats.get(polynomial + i) + LINEAR);
        }
    }
}
