package org.clip4j.weights;

/** Bounds of a configuration's numbers, wide enough for any CLIP and narrow enough that products do not overflow. */
final class Sizes {
    static final int MAX_LAYERS = 512;
    static final int MAX_WIDTH = 1 << 16;

    private Sizes() {}

    static void require(String name, int value, int max) {
        if (value < 1 || value > max) {
            throw new IllegalArgumentException(
                    "configuration value is out of range: name=" + name + " min=1 max=" + max + " actual=" + value);
        }
    }

    static void requireMultiple(String name, int value, int divisor) {
        if (value % divisor != 0) {
            throw new IllegalArgumentException("configuration value is not a multiple: name=" + name + " divisor="
                    + divisor + " actual=" + value);
        }
    }

    static void requireTransformer(String tower, int width, int layers, int heads, int mlpWidth) {
        require(tower + ".width", width, MAX_WIDTH);
        require(tower + ".layers", layers, MAX_LAYERS);
        require(tower + ".heads", heads, width);
        requireMultiple(tower + ".width", width, heads);
        require(tower + ".mlp_width", mlpWidth, 16 * MAX_WIDTH);
    }
}
