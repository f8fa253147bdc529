package org.clip4j.training;

import java.util.ArrayList;
import java.util.List;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.LaneTask;
import org.clip4j.kernels.cpu.RowMath;

/**
 * Adam with decoupled weight decay, which skips the parameters that do not decay, and with the gradient scaled down to a
 * largest norm; if asked, with orthogonalised steps for the matrices within blocks. Deterministic for a number of threads.
 * Used by one thread at a time.
 *
 * <p>Source: Loshchilov and Hutter 2019, algorithm 2, with the bias corrections of PyTorch's torch.optim.AdamW.
 */
public final class AdamW implements AutoCloseable {
    private final CpuBackend backend;
    private final ExecutionContext context;
    private final Options options;
    private final List<Moments> moments = new ArrayList<>();
    private final double[] squares;
    private long steps;

    /**
     * What the optimizer is set to.
     *
     * @param beta1 decay of the mean of gradients
     * @param beta2 decay of the mean of their squares
     * @param epsilon added to the root of the latter
     * @param weightDecay part of a weight that is subtracted per step and unit of learning rate
     * @param maxNorm largest norm of the gradient of all parameters together; infinity for no limit
     * @param orthogonal above 0, the matrices within blocks take orthogonalised steps instead ({@link OrthogonalStep}), the
     *        root mean square of whose elements is this part of the learning rate
     */
    public record Options(double beta1, double beta2, double epsilon, double weightDecay, double maxNorm,
            double orthogonal) {
        /** Refuses numbers that no training can mean. */
        public Options {
            if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0 && weightDecay >= 0 && maxNorm > 0
                    && orthogonal >= 0 && Double.isFinite(orthogonal))) {
                throw new IllegalArgumentException("the optimizer's numbers are out of range: expected 0 <= beta1 < 1,"
                        + " 0 <= beta2 < 1, epsilon > 0, weightDecay >= 0, maxNorm > 0, orthogonal >= 0; actual beta1="
                        + beta1 + " beta2=" + beta2 + " epsilon=" + epsilon + " weightDecay=" + weightDecay
                        + " maxNorm="
                        + maxNorm + " orthogonal=" + orthogonal);
            }
        }

        /** Of the vision transformers of Radford et al. 2021, table 19; the largest norm is 1. */
        public static Options clip() {
            return new Options(0.9, 0.98, 1e-6, 0.2, 1, 0);
        }
    }

    /**
     * A parameter's running means, in the optimizer's arena; a checkpoint reads and writes them.
     *
     * @param parameter whose they are
     * @param mean of its gradient
     * @param square mean of the square of its gradient
     */
    public record Moments(Parameter parameter, Tensor mean, Tensor square) {}

    /**
     * Allocates moments of zero.
     *
     * @param arena of the same backend; receives twice the size of the parameters
     * @param parameters f32; the order does not matter
     */
    public AdamW(CpuBackend backend, Arena arena, List<Parameter> parameters, Options options) {
        this.backend = backend;
        this.options = options;
        for (Parameter parameter : parameters) {
            int[] shape = parameter.value().shape();
            moments.add(new Moments(parameter, arena.allocate(DType.F32, shape), arena.allocate(DType.F32, shape)));
        }
        this.squares = new double[backend.threads()];
        this.context = backend.newContext();
    }

    /** Steps taken so far. */
    public long steps() {
        return steps;
    }

    /** Continues a training of which so many steps have been taken. */
    public void resumeAt(long takenSteps) {
        steps = takenSteps;
    }

    /** The state of all parameters, in the order in which they were given. */
    public List<Moments> moments() {
        return List.copyOf(moments);
    }

    /**
     * Takes one step with the gradients as they are; they are not cleared.
     *
     * @return norm of the gradient of all parameters before it was scaled down
     * @throws ArithmeticException when the gradient is not finite; nothing has changed then
     */
    public double step(double learningRate) {
        double total = 0;
        for (Moments own : moments) {
            backend.run(context, (lane, index, lanes) -> squares[index] = squares(own, lane, index, lanes));
            for (double part : squares) {
                total += part;
            }
        }
        double norm = Math.sqrt(total);
        if (!Double.isFinite(norm)) {
            throw new ArithmeticException("the gradient is not finite: step=" + steps + " norm=" + norm
                    + "; lower the learning rate");
        }
        steps++;
        float clip = (float) (norm > options.maxNorm ? options.maxNorm / norm : 1);
        Update update = new Update(options, learningRate, clip, steps);
        for (Moments own : moments) {
            if (!isOrthogonal(own)) {
                backend.run(context, (lane, index, lanes) -> update.run(own, lane, index, lanes));
            }
        }
        List<Moments> matrices = moments.stream().filter(this::isOrthogonal).toList();
        if (!matrices.isEmpty()) {
            backend.run(context,
                    new OrthogonalStep(matrices, learningRate * options.orthogonal, update.keptByDecay, clip));
        }
        return norm;
    }

    private boolean isOrthogonal(Moments own) {
        return options.orthogonal > 0 && own.parameter.matrices() > 0;
    }

    private static double squares(Moments own, CpuLane lane, int index, int lanes) {
        Tensor gradient = own.parameter.gradient();
        int end = LaneTask.share(gradient.elements(), 16, index + 1, lanes);
        double sum = 0;
        for (int at = LaneTask.share(gradient.elements(), 16, index, lanes); at < end; at += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, end - at);
            gradient.floats().get(at, lane.rows().row(), 0, length);
            sum += RowMath.squaredDistance(lane.rows().row(), 0, length);
        }
        return sum;
    }

    /** One step's numbers. */
    private static final class Update {
        private final float beta1;
        private final float beta2;
        private final float epsilon;
        private final float clip;
        private final float rate;
        private final float rootOfCorrection;
        private final float keptByDecay;

        Update(Options options, double learningRate, float clip, long step) {
            this.beta1 = (float) options.beta1;
            this.beta2 = (float) options.beta2;
            this.epsilon = (float) options.epsilon;
            this.clip = clip;
            this.rate = (float) (learningRate / (1 - Math.pow(options.beta1, (double) step)));
            this.rootOfCorrection = (float) (1 / Math.sqrt(1 - Math.pow(options.beta2, (double) step)));
            this.keptByDecay = (float) (1 - learningRate * options.weightDecay);
        }

        void run(Moments own, CpuLane lane, int index, int lanes) {
            Parameter parameter = own.parameter;
            float[] value = lane.rows().row();
            float[] gradient = lane.rows().other();
            float[] mean = new float[RowMath.BLOCK];
            float[] square = new float[RowMath.BLOCK];
            float kept = parameter.decays() ? keptByDecay : 1f;
            int elements = parameter.value().elements();
            int end = LaneTask.share(elements, 16, index + 1, lanes);
            for (int at = LaneTask.share(elements, 16, index, lanes); at < end; at += RowMath.BLOCK) {
                int length = Math.min(RowMath.BLOCK, end - at);
                parameter.value().floats().get(at, value, 0, length);
                parameter.gradient().floats().get(at, gradient, 0, length);
                own.mean.floats().get(at, mean, 0, length);
                own.square.floats().get(at, square, 0, length);
                for (int i = 0; i < length; i++) {
                    float g = gradient[i] * clip;
                    mean[i] = beta1 * mean[i] + (1f - beta1) * g;
                    square[i] = beta2 * square[i] + (1f - beta2) * g * g;
                    float deviation = (float) Math.sqrt(square[i]) * rootOfCorrection + epsilon;
                    value[i] = value[i] * kept - rate * mean[i] / deviation;
                }
                parameter.value().floats().put(at, value, 0, length);
                own.mean.floats().put(at, mean, 0, length);
                own.square.floats().put(at, square, 0, length);
            }
        }
    }

    /** Closes its context; the moments are the arena's. */
    @Override
    public void close() {
        context.close();
    }
}
