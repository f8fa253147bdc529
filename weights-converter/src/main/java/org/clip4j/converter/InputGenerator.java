package org.clip4j.converter;

import java.nio.FloatBuffer;

/** Input images from a hash: coarse patches with some noise, already in the normalised range; section 3 of the
 * generator's description among the reference goldens. Stateless. */
public final class InputGenerator {
    private static final int CELLS = 7;

    private InputGenerator() {}

    /**
     * One image.
     *
     * @param seed names the set
     * @param label usually the architecture
     * @param resolution R in pixels
     * @param index which image of the set
     * @param target 3 * R * R floats [3,R,R] are put at its position
     */
    public static void image(String seed, String label, int resolution, int index, FloatBuffer target) {
        long coarse = HashedNumbers.key(seed, "input/" + label + "/" + index + "/coarse");
        long fine = HashedNumbers.key(seed, "input/" + label + "/" + index + "/fine");
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < resolution; y++) {
                for (int x = 0; x < resolution; x++) {
                    int cell = c * CELLS * CELLS + y * CELLS / resolution * CELLS + x * CELLS / resolution;
                    long pixel = ((long) c * resolution + y) * resolution + x;
                    target.put(
                            (float) (1.5 * HashedNumbers.unit(coarse, cell) + 0.5 * HashedNumbers.unit(fine, pixel)));
                }
            }
        }
    }
}
