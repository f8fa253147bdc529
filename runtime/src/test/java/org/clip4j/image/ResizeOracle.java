package org.clip4j.image;

/** The resize of RGB images as the description gives it, one output at a time, whole image, then the crop. */
final class ResizeOracle {

    private ResizeOracle() {}

    static byte[] pixels(byte[] rgb, int width, int height, int n) {
        int w = width <= height ? n : (int) ((double) (n * width) / height);
        int h = width <= height ? (int) ((double) (n * height) / width) : n;
        int[][][] image = new int[height][width][3];
        for (int i = 0; i < rgb.length; i++) {
            image[i / 3 / width][i / 3 % width][i % 3] = rgb[i] & 0xFF;
        }
        int[][][] resized = turn(axis(turn(axis(image, width, w)), height, h));
        int left = (int) Math.rint((w - n) / 2.0);
        int top = (int) Math.rint((h - n) / 2.0);
        byte[] out = new byte[3 * n * n];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) resized[top + i / 3 / n][left + i / 3 % n][i % 3];
        }
        return out;
    }

    private static int[][][] turn(int[][][] image) {
        int[][][] turned = new int[image[0].length][image.length][];
        for (int y = 0; y < image.length; y++) {
            for (int x = 0; x < image[0].length; x++) {
                turned[x][y] = image[y][x];
            }
        }
        return turned;
    }

    private static int[][][] axis(int[][][] image, int in, int out) {
        if (in == out) {
            return image;
        }
        int[][][] result = new int[image.length][out][3];
        double scale = (double) in / out;
        double filterScale = Math.max(scale, 1.0);
        double support = 2.0 * filterScale;
        for (int o = 0; o < out; o++) {
            double centre = (o + 0.5) * scale;
            int lo = Math.max(0, (int) (centre - support + 0.5));
            int hi = Math.min(in, (int) (centre + support + 0.5));
            double[] k = new double[hi - lo];
            double sum = 0;
            for (int j = 0; j < k.length; j++) {
                k[j] = cubic((lo + j - centre + 0.5) * (1.0 / filterScale));
                sum += k[j];
            }
            for (int y = 0; y < image.length; y++) {
                for (int c = 0; c < 3; c++) {
                    int acc = 1 << 21;
                    for (int j = 0; j < k.length; j++) {
                        double q = k[j] / sum * (1 << 22);
                        acc += image[y][lo + j][c] * (int) (q < 0 ? q - 0.5 : q + 0.5);
                    }
                    result[y][o][c] = Math.max(0, Math.min(255, acc >> 22));
                }
            }
        }
        return result;
    }

    private static double cubic(double x) {
        double a = -0.5;
        double t = Math.abs(x);
        if (t < 1) {
            return ((a + 2) * t - (a + 3)) * t * t + 1;
        }
        return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
    }
}
