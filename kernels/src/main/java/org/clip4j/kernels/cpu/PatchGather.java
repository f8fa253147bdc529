package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/**
 * Lays the input of a convolution out as a matrix of patches, so that it becomes a matrix product. A patch is ordered
 * (channel, y, x) when the input is channels-first, and (y, x, channel) when it is channels-last, so that runs of
 * neighbouring values can be copied whole. Stateless but for the shape.
 */
public final class PatchGather {
    private final ConvolutionShape shape;
    private final float[] zeros;

    /** Of convolutions of one shape. */
    public PatchGather(ConvolutionShape shape) {
        this.shape = shape;
        this.zeros = new float[shape.kernel() * (shape.layout() == Layout.CHANNELS_LAST ? shape.inChannels() : 1)];
    }

    /** Weights [outChannels, inChannels, kernel, kernel] as an F32 matrix [outChannels, patchLength] in patch order. */
    static Tensor packWeights(Arena arena, ConvolutionShape shape, Tensor weight) {
        int kernel = shape.kernel();
        int channels = shape.inChannels();
        if (shape.layout() == Layout.CHANNELS_FIRST || kernel == 1) {
            return CpuBackend.toF32(arena, weight).reshape(shape.outChannels(), shape.patchLength());
        }
        Tensor packed = arena.allocate(DType.F32, shape.outChannels(), shape.patchLength());
        FloatBuffer floats = packed.floats();
        int at = 0;
        for (int n = 0; n < shape.outChannels(); n++) {
            for (int pixel = 0; pixel < kernel * kernel; pixel++) {
                for (int channel = 0; channel < channels; channel++) {
                    floats.put(at++, (float) weight.get((n * channels + channel) * kernel * kernel + pixel));
                }
            }
        }
        return packed;
    }

    /** Copies the patches of output rows from (inclusive) to (exclusive) to the start of {@code patches}. */
    public void gather(FloatBuffer x, int fromRow, int toRow, FloatBuffer patches) {
        gather(x, fromRow, toRow, patches, 0);
    }

    /** The same, with the first patch at row {@code patchRow} of {@code patches}. */
    void gather(FloatBuffer x, int fromRow, int toRow, FloatBuffer patches, int patchRow) {
        int outWidth = shape.outWidth();
        int outHeight = shape.outHeight();
        for (int row = fromRow; row < toRow; row++) {
            int left = row % outWidth * shape.stride() - shape.padding();
            int top = row / outWidth % outHeight * shape.stride() - shape.padding();
            int image = row / outWidth / outHeight;
            int at = (row - fromRow + patchRow) * shape.patchLength();
            if (shape.layout() == Layout.CHANNELS_LAST) {
                gatherChannelsLast(x, image, top, left, patches, at);
            } else {
                gatherChannelsFirst(x, image, top, left, patches, at);
            }
        }
    }

    private void gatherChannelsLast(FloatBuffer x, int image, int top, int left, FloatBuffer patches, int patchStart) {
        int channels = shape.inChannels();
        int firstColumn = Math.max(0, left);
        int endColumn = Math.min(shape.width(), left + shape.kernel());
        int run = shape.kernel() * channels;
        int zerosBefore = (firstColumn - left) * channels;
        int values = (endColumn - firstColumn) * channels;
        int at = patchStart;
        for (int y = top; y < top + shape.kernel(); y++, at += run) {
            if (y < 0 || y >= shape.height()) {
                patches.put(at, zeros, 0, run);
                continue;
            }
            int source = ((image * shape.height() + y) * shape.width() + firstColumn) * channels;
            patches.put(at, zeros, 0, zerosBefore);
            patches.put(at + zerosBefore, x, source, values);
            patches.put(at + zerosBefore + values, zeros, 0, run - zerosBefore - values);
        }
    }

    private void gatherChannelsFirst(FloatBuffer x, int image, int top, int left, FloatBuffer patches, int patchStart) {
        int kernel = shape.kernel();
        int firstColumn = Math.max(0, left);
        int endColumn = Math.min(shape.width(), left + kernel);
        int zerosBefore = firstColumn - left;
        int values = endColumn - firstColumn;
        int at = patchStart;
        for (int channel = 0; channel < shape.inChannels(); channel++) {
            int plane = (image * shape.inChannels() + channel) * shape.height();
            for (int y = top; y < top + kernel; y++, at += kernel) {
                if (y < 0 || y >= shape.height()) {
                    patches.put(at, zeros, 0, kernel);
                    continue;
                }
                patches.put(at, zeros, 0, zerosBefore);
                patches.put(at + zerosBefore, x, (plane + y) * shape.width() + firstColumn, values);
                patches.put(at + zerosBefore + values, zeros, 0, kernel - zerosBefore - values);
            }
        }
    }
}
