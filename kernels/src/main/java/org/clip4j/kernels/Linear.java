package org.clip4j.kernels;

/** A prepared linear layer: activation(x * weight' + bias). */
public interface Linear {
    /** K, columns of the input. */
    int inFeatures();

    /** N, columns of the output. */
    int outFeatures();

    /**
     * out = activation(x * weight' + bias).
     *
     * @param x at least {@code rows} rows of K columns; must not overlap {@code out}
     * @param out at least {@code rows} rows of N columns
     */
    void run(ExecutionContext context, Tensor x, int rows, Tensor out);

    /** out = activation(out + x * weight' + bias): the residual connection. */
    void runAdd(ExecutionContext context, Tensor x, int rows, Tensor out);

    /** Its weights as they are laid out here, to be kept between runs; null when the backend uses the model's own. */
    default PackedWeights packed() {
        return null;
    }
}
