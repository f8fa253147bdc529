package org.clip4j.cuda;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.ResidualNorm;
import org.clip4j.kernels.Tensor;

/**
 * For few rows a product whose depth is split among blocks, and one kernel that adds up the parts, the residual stream
 * and the bias, and normalises: more blocks at work, and one kernel less. For many rows a product that adds to the
 * stream, then the layer norm. Which of them is measured, as algorithms are.
 */
final class CudaResidualNorm implements ResidualNorm {
    private final CudaLinear linear;
    private final CudaLayerNorm norm;

    CudaResidualNorm(CudaLinear linear, CudaLayerNorm norm) {
        this.linear = linear;
        this.norm = norm;
    }

    @Override
    public void run(ExecutionContext context, Tensor in, int rows, Tensor x, Tensor normed) {
        CudaContext own = CudaContext.of(context);
        Operands.requireMatrix("in", in, rows, linear.inFeatures());
        Operands.requireMatrix("x", x, rows, linear.outFeatures());
        Operands.requireMatrix("normed", normed, rows, linear.outFeatures());
        if (rows == 0) {
            return;
        }
        SplitProduct split = linear.split(own, in, rows, x, norm, normed);
        if (split == null) {
            linear.runAdd(context, in, rows, x);
            norm.run(context, x, rows, normed);
            return;
        }
        split.run(own, in, x, norm, normed);
        own.launched();
    }
}
