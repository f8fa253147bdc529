package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.AveragePool;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** Adds up the pixels of a square, then scales by a power of two in all published models. */
final class CpuAveragePool implements AveragePool, CpuOperation {
    private final int height;
    private final int width;
    private final int channels;
    private final int kernel;
    private final int outHeight;
    private final int outWidth;

    CpuAveragePool(int height, int width, int channels, int kernel) {
        this.height = height;
        this.width = width;
        this.channels = channels;
        this.kernel = kernel;
        this.outHeight = height / kernel;
        this.outWidth = width / kernel;
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int images, Tensor out) {
        Operands.requireMatrix("x", x, (long) images * height * width, channels);
        Operands.requireMatrix("out", out, (long) images * outHeight * outWidth, channels);
        CpuCall call = CpuContext.call(context, this);
        call.x = x;
        call.out = out;
        call.count = images * outHeight * outWidth;
        CpuContext.run(context);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        int end = CpuOperation.share(call.count, part + 1, parts);
        for (int row = CpuOperation.share(call.count, part, parts); row < end; row++) {
            int left = row % outWidth * kernel;
            // All images stand above each other, so that the row of squares gives the row of pixels.
            int top = row / outWidth * kernel;
            for (int channel = 0; channel < channels; channel += RowMath.BLOCK) {
                pool(call.x, top, left, channel, lane.rows());
                int length = Math.min(RowMath.BLOCK, channels - channel);
                call.out.floats().put(row * call.out.rowStride() + channel, lane.rows().row(), 0, length);
            }
        }
    }

    private void pool(Tensor x, int top, int left, int channel, RowMath math) {
        int length = Math.min(RowMath.BLOCK, channels - channel);
        FloatBuffer floats = x.floats();
        floats.get((top * width + left) * x.rowStride() + channel, math.row(), 0, length);
        for (int pixel = 1; pixel < kernel * kernel; pixel++) {
            int at = (top + pixel / kernel) * width + left + pixel % kernel;
            floats.get(at * x.rowStride() + channel, math.other(), 0, length);
            math.add(math.other(), length);
        }
        math.scale(1f / (kernel * kernel), length);
    }
}
