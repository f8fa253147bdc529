package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Pixels and axes to resample, and what the result is, by a plain loop.
 *
 * @param seed that it was drawn with
 * @param pixels in a direct buffer that ends with the last sample, so that a byte read behind it would lie outside
 */
public record ResampleCase(long seed, PixelView pixels, ResampleAxis columns, ResampleAxis rows) {
    private static final int[] SIZES = {1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33};

    private static final int[] TAPS = {1, 2, 3, 4, 5, 8, 9, 13, 64};
    private static final int[] PIXEL_STRIDES = {1, 3, 4};

    /** Edges of results. */
    public static int[] sizes() {
        return SIZES.clone();
    }

    /** Pixels at every stride, by axes of few and of many inputs. */
    public static Stream<ResampleCase> all(long seed, int n) {
        Random random = new Random(seed + n);
        Stream.Builder<ResampleCase> cases = Stream.builder();
        for (int pixelStride : PIXEL_STRIDES) {
            for (int mostTaps : TAPS) {
                ResampleAxis columns = axis(random, n, mostTaps);
                ResampleAxis rows = axis(random, n, mostTaps);
                cases.add(new ResampleCase(seed, pixels(random, columns, rows, pixelStride), columns, rows));
            }
        }
        return cases.build();
    }

    /** Levels that tell every sample of every color. */
    public static float[] levels() {
        float[] levels = new float[3 * PlaneResamplerProvider.LEVELS];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = i;
        }
        return levels;
    }

    /** Edge of the result. */
    public int size() {
        return columns.count();
    }

    /** Compares a result [3,n,n] with the loop's. */
    public void check(float[] levels, float[] planes) {
        int n = size();
        int[] bands = {pixels.red(), pixels.green(), pixels.blue()};
        for (int channel = 0; channel < 3; channel++) {
            int[][] narrow = narrow(bands[channel]);
            for (int x = 0; x < n; x++) {
                int[] column = new int[rows.to()];
                for (int y = rows.from(); y < rows.to(); y++) {
                    column[y] = narrow[y][x];
                }
                for (int o = 0; o < n; o++) {
                    assertThat(planes[(channel * n + o) * n + x])
                            .as("channel=%d y=%d x=%d n=%d taps=%d pixels=%s seed=%d", channel, o, x, n,
                                    columns.mostTaps(), pixels, seed)
                            .isEqualTo(levels[channel * PlaneResamplerProvider.LEVELS + sum(rows, o, column)]);
                }
            }
        }
    }

    private int[][] narrow(int band) {
        int n = size();
        int[][] narrow = new int[rows.to()][n];
        for (int y = rows.from(); y < rows.to(); y++) {
            int at = pixels.offsetBytes() + (y - pixels.top()) * pixels.rowStride() + band;
            int[] row = new int[columns.to()];
            for (int x = columns.from(); x < columns.to(); x++) {
                row[x] = pixels.samples().get(at + (x - pixels.left()) * pixels.pixelStride()) & 0xFF;
            }
            for (int o = 0; o < n; o++) {
                narrow[y][o] = sum(columns, o, row);
            }
        }
        return narrow;
    }

    private static int sum(ResampleAxis axis, int output, int[] values) {
        int sum = 1 << (ResampleAxis.PRECISION_BITS - 1);
        for (int j = 0; j < axis.taps()[output]; j++) {
            sum += values[axis.first()[output] + j] * axis.weights()[axis.start()[output] + j];
        }
        return Math.max(0, Math.min(255, sum >> ResampleAxis.PRECISION_BITS));
    }

    /** Weights with negative lobes that add up to about one, so that sums go beyond both ends of a byte. */
    private static ResampleAxis axis(Random random, int n, int mostTaps) {
        int[] first = new int[n];
        int[] taps = new int[n];
        int[] start = new int[n];
        int at = random.nextInt(4);
        int total = 0;
        for (int o = 0; o < n; o++) {
            first[o] = at;
            taps[o] = 1 + random.nextInt(mostTaps);
            start[o] = total;
            total += taps[o];
            at += random.nextInt(Math.max(2, mostTaps / 2));
        }
        int[] weights = new int[total];
        for (int o = 0; o < n; o++) {
            int one = 1 << ResampleAxis.PRECISION_BITS;
            for (int j = 0; j < taps[o]; j++) {
                weights[start[o] + j] = random.nextInt(3 * one / taps[o]) - one / taps[o];
            }
        }
        return new ResampleAxis(first, taps, start, weights);
    }

    private static PixelView pixels(Random random, ResampleAxis columns, ResampleAxis rows, int pixelStride) {
        int left = random.nextInt(columns.from() + 1);
        int top = random.nextInt(rows.from() + 1);
        int width = columns.to() - left + random.nextInt(2);
        int height = rows.to() - top;
        int[] bands = pixelStride == 1
                ? new int[]{0, 0, 0}
                : pixelStride == 3 ? new int[]{0, 1, 2} : new int[]{2, 1, 0};
        int last = Math.max(bands[0], bands[2]);
        int rowStride = width * pixelStride + random.nextInt(3);
        int offset = random.nextInt(5);
        byte[] bytes = new byte[offset + (height - 1) * rowStride + (width - 1) * pixelStride + last + 1];
        random.nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = i % 3 == 0 ? bytes[i] : (byte) (bytes[i] >> 7);
        }
        return new PixelView(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip(), offset, rowStride, pixelStride,
                left, top, width, height, bands[0],
                bands[1], bands[2]);
    }
}
