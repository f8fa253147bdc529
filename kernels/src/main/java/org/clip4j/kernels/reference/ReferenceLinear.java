package org.clip4j.kernels.reference;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

final class ReferenceLinear implements Linear {
    private final Tensor weight;
    private final Tensor bias;
    private final Activation activation;

    ReferenceLinear(Tensor weight, Tensor bias, Activation activation) {
        Operands.checkLinear(weight, bias);
        this.weight = weight;
        this.bias = bias;
        this.activation = activation;
    }

    @Override
    public int inFeatures() {
        return weight.columns();
    }

    @Override
    public int outFeatures() {
        return weight.rows();
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int rows, Tensor out) {
        compute(x, rows, out, false);
    }

    @Override
    public void runAdd(ExecutionContext context, Tensor x, int rows, Tensor out) {
        compute(x, rows, out, true);
    }

    private void compute(Tensor x, int rows, Tensor out, boolean add) {
        Operands.requireMatrix("x", x, rows, inFeatures());
        Operands.requireMatrix("out", out, rows, outFeatures());
        for (int row = 0; row < rows; row++) {
            for (int n = 0; n < weight.rows(); n++) {
                double sum = bias == null ? 0 : bias.get(n);
                for (int k = 0; k < weight.columns(); k++) {
                    sum += x.get(row, k) * weight.get(n, k);
                }
                out.set(row, n, ReferenceActivation.apply(activation, add ? out.get(row, n) + sum : sum));
            }
        }
    }
}
