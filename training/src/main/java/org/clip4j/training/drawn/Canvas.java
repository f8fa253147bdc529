package org.clip4j.training.drawn;

/**
 * A square picture while it is drawn: RGB samples from 0 to 255, row by row, as floats. One thread at a time.
 */
final class Canvas {
    private final int side;
    private final float[] samples;

    Canvas(int side) {
        this.side = side;
        samples = new float[3 * side * side];
    }

    /** Pixels in a row and in a column. */
    int side() {
        return side;
    }

    /** The samples themselves: [side,side,3]. */
    float[] samples() {
        return samples;
    }

    void set(int x, int y, double red, double green, double blue) {
        int at = 3 * (y * side + x);
        samples[at] = (float) red;
        samples[at + 1] = (float) green;
        samples[at + 2] = (float) blue;
    }

    /** Lays ink over a pixel; cover is from 0, nothing, to 1. */
    void blend(int x, int y, Ink ink, double cover) {
        int at = 3 * (y * side + x);
        float share = (float) cover;
        samples[at] += share * (ink.red() - samples[at]);
        samples[at + 1] += share * (ink.green() - samples[at + 1]);
        samples[at + 2] += share * (ink.blue() - samples[at + 2]);
    }

    /** A value limited to 0 to 1; with {@link Math#min} and {@link Math#max} a picture took half as long again. */
    static double clamp(double value) {
        return value < 0 ? 0 : value > 1 ? 1 : value;
    }

    /** First pixel whose centre can be within a distance of a place, all in pixels. */
    int first(double centre, double reach) {
        return Math.max(0, (int) Math.floor(centre - reach - 0.5));
    }

    /** The pixel behind the last one that can be. */
    int end(double centre, double reach) {
        return Math.min(side, (int) Math.ceil(centre + reach + 0.5));
    }

    /** Rounds the samples to bytes, limited to 0 to 255. */
    void store(byte[] rgb, int offset) {
        for (int i = 0; i < samples.length; i++) {
            int sample = (int) (samples[i] + 0.5f);
            rgb[offset + i] = (byte) (sample < 0 ? 0 : sample > 255 ? 255 : sample);
        }
    }

    /** A colour as it is drawn: samples from 0 to 255. */
    record Ink(float red, float green, float blue) {}
}
