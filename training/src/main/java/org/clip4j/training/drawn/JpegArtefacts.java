package org.clip4j.training.drawn;

/**
 * What JPEG compression does to a picture, without the compression: colours are converted, blocks of 8 x 8 transformed,
 * quantised and transformed back. Chroma keeps its size. One thread at a time.
 *
 * <p>
 * Source of tables, transform and colours: ITU-T T.81, annexes A.3.3 and K.1; of colours JFIF 1.02; of the scaling by
 * quality libjpeg, jcparam.c.
 */
final class JpegArtefacts {
    private static final int BLOCK = 8;

    private static final int[] LUMA = {
            16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
            29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
            121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};

    private static final int[] CHROMA = {
            17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99,
            99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
            99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

    /** The cosines of the transform: [frequency,place]. */
    private static final float[] COSINES = cosines();

    private final float[] block = new float[BLOCK * BLOCK];
    private final float[] half = new float[BLOCK * BLOCK];
    private final float[] steps = new float[BLOCK * BLOCK];

    /** Changes the canvas as compression of a quality from 1 to 100 would. */
    void apply(Canvas canvas, int quality) {
        toYcc(canvas.samples());
        for (int band = 0; band < 3; band++) {
            scale(band == 0 ? LUMA : CHROMA, quality);
            for (int y = 0; y < canvas.side(); y += BLOCK) {
                for (int x = 0; x < canvas.side(); x += BLOCK) {
                    load(canvas, x, y, band);
                    quantise();
                    store(canvas, x, y, band);
                }
            }
        }
        toRgb(canvas.samples());
    }

    private void scale(int[] table, int quality) {
        int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
        for (int i = 0; i < steps.length; i++) {
            steps[i] = Math.min(Math.max((table[i] * percent + 50) / 100, 1), 255);
        }
    }

    /** Pixels beyond the edge repeat the last one. */
    private void load(Canvas canvas, int left, int top, int band) {
        int last = canvas.side() - 1;
        float[] samples = canvas.samples();
        for (int y = 0; y < BLOCK; y++) {
            int row = Math.min(top + y, last) * canvas.side();
            for (int x = 0; x < BLOCK; x++) {
                block[BLOCK * y + x] = samples[3 * (row + Math.min(left + x, last)) + band];
            }
        }
    }

    private void store(Canvas canvas, int left, int top, int band) {
        float[] samples = canvas.samples();
        for (int y = 0; y < Math.min(BLOCK, canvas.side() - top); y++) {
            int row = (top + y) * canvas.side() + left;
            for (int x = 0; x < Math.min(BLOCK, canvas.side() - left); x++) {
                samples[3 * (row + x) + band] = block[BLOCK * y + x];
            }
        }
    }

    private void quantise() {
        forward(block, half);
        forward(half, block);
        for (int i = 0; i < block.length; i++) {
            block[i] = (float) Math.rint(block[i] / steps[i]) * steps[i];
        }
        backward(block, half);
        backward(half, block);
    }

    /**
     * Transforms the columns and writes the result's transpose; twice makes rows and columns. Even frequencies see the sums
     * of opposite places only, odd ones the differences.
     */
    private static void forward(float[] in, float[] out) {
        for (int x = 0; x < BLOCK; x++) {
            float s0 = in[x] + in[56 + x];
            float s1 = in[8 + x] + in[48 + x];
            float s2 = in[16 + x] + in[40 + x];
            float s3 = in[24 + x] + in[32 + x];
            float d0 = in[x] - in[56 + x];
            float d1 = in[8 + x] - in[48 + x];
            float d2 = in[16 + x] - in[40 + x];
            float d3 = in[24 + x] - in[32 + x];
            for (int f = 0; f < BLOCK; f += 2) {
                int even = BLOCK * f;
                int odd = even + BLOCK;
                out[BLOCK * x + f] = COSINES[even] * s0 + COSINES[even + 1] * s1 + COSINES[even + 2] * s2
                        + COSINES[even + 3] * s3;
                out[BLOCK * x + f + 1] = COSINES[odd] * d0 + COSINES[odd + 1] * d1 + COSINES[odd + 2] * d2
                        + COSINES[odd + 3] * d3;
            }
        }
    }

    /** The inverse of forward, the result transposed as well. */
    private static void backward(float[] in, float[] out) {
        for (int x = 0; x < BLOCK; x++) {
            for (int y = 0; y < BLOCK / 2; y++) {
                float even = COSINES[y] * in[x] + COSINES[16 + y] * in[16 + x] + COSINES[32 + y] * in[32 + x]
                        + COSINES[48 + y] * in[48 + x];
                float odd = COSINES[8 + y] * in[8 + x] + COSINES[24 + y] * in[24 + x] + COSINES[40 + y] * in[40 + x]
                        + COSINES[56 + y] * in[56 + x];
                out[BLOCK * x + y] = even + odd;
                out[BLOCK * x + BLOCK - 1 - y] = even - odd;
            }
        }
    }

    private static float[] cosines() {
        float[] table = new float[BLOCK * BLOCK];
        for (int f = 0; f < BLOCK; f++) {
            double norm = f == 0 ? Math.sqrt(1.0 / BLOCK) : Math.sqrt(2.0 / BLOCK);
            for (int x = 0; x < BLOCK; x++) {
                table[BLOCK * f + x] = (float) (norm * StrictMath.cos((2 * x + 1) * f * Math.PI / (2 * BLOCK)));
            }
        }
        return table;
    }

    /** Luma is centred on 0 as chroma is. */
    private static void toYcc(float[] samples) {
        for (int i = 0; i < samples.length; i += 3) {
            float r = samples[i];
            float g = samples[i + 1];
            float b = samples[i + 2];
            samples[i] = 0.299f * r + 0.587f * g + 0.114f * b - 128f;
            samples[i + 1] = -0.168736f * r - 0.331264f * g + 0.5f * b;
            samples[i + 2] = 0.5f * r - 0.418688f * g - 0.081312f * b;
        }
    }

    private static void toRgb(float[] samples) {
        for (int i = 0; i < samples.length; i += 3) {
            float y = samples[i] + 128f;
            float cb = samples[i + 1];
            float cr = samples[i + 2];
            samples[i] = y + 1.402f * cr;
            samples[i + 1] = y - 0.344136f * cb - 0.714136f * cr;
            samples[i + 2] = y + 1.772f * cb;
        }
    }
}
