package org.clip4j.kernels;

/**
 * Geometry of a convolution of square kernels with equal padding on all sides.
 *
 * @param layout of the input
 * @param height of the input in pixels
 * @param width of the input in pixels
 * @param inChannels C of the input
 * @param outChannels C of the output
 * @param kernel side of the kernel in pixels
 * @param stride in pixels
 * @param padding zeros on each side in pixels
 */
public record ConvolutionShape(Layout layout, int height, int width, int inChannels, int outChannels, int kernel,
        int stride, int padding) {
    /** Checks that there is an output, and that no patch lies in the padding alone. */
    public ConvolutionShape {
        Operands.requirePositive("height", height);
        Operands.requirePositive("width", width);
        Operands.requirePositive("inChannels", inChannels);
        Operands.requirePositive("outChannels", outChannels);
        Operands.requirePositive("kernel", kernel);
        Operands.requirePositive("stride", stride);
        if (padding < 0 || padding >= kernel) {
            throw new IllegalArgumentException("padding must be smaller than the kernel: padding=" + padding
                    + " kernel=" + kernel);
        }
        if (height + 2L * padding < kernel || width + 2L * padding < kernel) {
            throw new IllegalArgumentException("kernel is larger than the padded image: kernel=" + kernel + " height="
                    + height + " width=" + width + " padding=" + padding);
        }
        // Throws when a patch, or an image, has more elements than an index can count.
        Math.multiplyExact(inChannels, Math.multiplyExact(kernel, kernel));
        Math.multiplyExact(inChannels, Math.multiplyExact(height, width));
    }

    /** Order of an image tensor's axes. */
    public enum Layout {
        /** [B, C, H, W], as preprocessing delivers. */
        CHANNELS_FIRST,
        /** [B, H, W, C], as all operations here deliver. */
        CHANNELS_LAST
    }

    /** Height of the output in pixels. */
    public int outHeight() {
        return (height + 2 * padding - kernel) / stride + 1;
    }

    /** Width of the output in pixels. */
    public int outWidth() {
        return (width + 2 * padding - kernel) / stride + 1;
    }

    /** Values of one input image. */
    public int inElements() {
        return inChannels * height * width;
    }

    /** Length of one gathered patch. */
    public int patchLength() {
        return inChannels * kernel * kernel;
    }

    /** True when a patch is a pixel of a channels-last image, so that nothing needs gathering. */
    public boolean isPointwise() {
        return layout == Layout.CHANNELS_LAST && kernel == 1 && stride == 1 && padding == 0;
    }
}
