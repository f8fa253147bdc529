package org.clip4j.cli;

/** The colours of a heat map, dark blue to pale yellow: lighter is more, which can be read in gray too. Stateless. */
final class HeatScale {
    /** At equal distances, red green blue. Chosen by eye. */
    private static final int[][] STOPS = {{16, 12, 60}, {84, 20, 116}, {176, 42, 92}, {236, 104, 44}, {252, 210, 92}};

    private HeatScale() {}

    /** The colour of a heat from 0 to 1 as 0xRRGGBB. */
    static int rgb(double heat) {
        double place = Math.min(Math.max(heat, 0), 1) * (STOPS.length - 1);
        int below = (int) Math.min(place, STOPS.length - 2);
        int rgb = 0;
        for (int i = 0; i < 3; i++) {
            double sample = STOPS[below][i] + (place - below) * (STOPS[below + 1][i] - STOPS[below][i]);
            rgb = rgb << 8 | (int) Math.round(sample);
        }
        return rgb;
    }
}
