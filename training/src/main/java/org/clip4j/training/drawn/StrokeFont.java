package org.clip4j.training.drawn;

/**
 * Digits, capitals and some marks as strokes on a grid of 5 columns and 7 rows. The forms are ours: polylines through
 * grid points, each written as its column and row. Scenes have digits and letters only; marks are for labels.
 * Stateless.
 */
public final class StrokeFont {
    /** Width of a glyph in units of its height. */
    public static final double WIDTH = 4 / 6.0;
    /** From one glyph's left edge to the next one's, in units of the height. */
    public static final double ADVANCE = 0.88;

    private static final double[][] DIGITS = {
            segments("103041453616050110"), segments("112026 1636"), segments("01103041420646"),
            segments("0110304142334445361605 2333"), segments("36300444"), segments("400002324345361605"),
            segments("4130100105163645443303"), segments("004016"),
            segments("103041423344453616050413020110 1333"), segments("4313020110304145361605")};

    private static final double[][] LETTERS = {
            segments("062046 1434"), segments("00304142334445360600 0333"), segments("4130100105163645"),
            segments("00062644422000"), segments("40000646 0333"), segments("400006 0333"),
            segments("41301001051636454323"), segments("0006 4046 0343"), segments("2026 1030 1636"),
            segments("4045361605"), segments("0006 400346"), segments("000646"), segments("0600234046"),
            segments("06004640"), segments("103041453616050110"), segments("06003041423303"),
            segments("103041453616050110 2446"), segments("06003041423303 2346"),
            segments("413010010213334445361605"), segments("0040 2026"), segments("000516364540"),
            segments("002640"), segments("0016233640"), segments("0046 4006"), segments("002340 2326"),
            segments("00400646")};

    private static final String MARKS = " .,:;-_/()[]+='\"!?%*#&<>|";
    private static final double[][] MARK_STROKES = {new double[0], segments("1626"), segments("2516"),
            segments("1222 1626"), segments("1222 2516"), segments("0343"), segments("0646"), segments("4006"),
            segments("30111536"), segments("10313516"), segments("30101636"),
            segments("10303616"), segments("2125 0343"), segments("0242 0444"), segments("2022"),
            segments("1012 3032"), segments("2024 2526"), segments("0110304142332324 2526"),
            segments("4006 0010 3646"), segments("2125 0244 4204"), segments("1016 3036 0242 0444"),
            segments("4601203104152644"), segments("410345"),
            segments("014305"), segments("2026")};
    /** For what has no strokes. */
    private static final double[] BOX = segments("0040460600");

    private StrokeFont() {}

    /**
     * The strokes of a character: x0 y0 x1 y1 of each, in units of the height, from the glyph's centre. Small letters
     * are capitals; a space has none; a box stands for characters that are neither digit nor letter from a to z nor one
     * of the marks.
     *
     * @return not to be changed
     */
    public static double[] strokes(char c) {
        if (c >= '0' && c <= '9') {
            return DIGITS[c - '0'];
        }
        if (c >= 'a' && c <= 'z') {
            return LETTERS[c - 'a'];
        }
        if (c >= 'A' && c <= 'Z') {
            return LETTERS[c - 'A'];
        }
        int mark = MARKS.indexOf(c);
        return mark < 0 ? BOX : MARK_STROKES[mark];
    }

    /**
     * Distance of a place from the middle of the nearest stroke, all in units of the height.
     *
     * @param strokes as {@link #strokes} gives them; of none, everything is far away
     */
    public static double distance(double[] strokes, double x, double y) {
        double nearest = Double.MAX_VALUE;
        for (int i = 0; i < strokes.length; i += 4) {
            double ex = strokes[i + 2] - strokes[i];
            double ey = strokes[i + 3] - strokes[i + 1];
            double wx = x - strokes[i];
            double wy = y - strokes[i + 1];
            double t = Canvas.clamp((wx * ex + wy * ey) / (ex * ex + ey * ey));
            double dx = wx - t * ex;
            double dy = wy - t * ey;
            double square = dx * dx + dy * dy;
            nearest = square < nearest ? square : nearest;
        }
        return Math.sqrt(nearest);
    }

    /** Half the width of a text in units of its height. */
    public static double halfWidth(String text) {
        return ((text.length() - 1) * ADVANCE + WIDTH) / 2;
    }

    private static double[] segments(String polylines) {
        String[] lines = polylines.split(" ", -1);
        int count = 0;
        for (String line : lines) {
            count += line.length() / 2 - 1;
        }
        double[] segments = new double[4 * count];
        int at = 0;
        for (String line : lines) {
            for (int i = 0; i + 3 < line.length(); i += 2) {
                for (int k = 0; k < 4; k++) {
                    int middle = k % 2 == 0 ? 2 : 3;
                    segments[at++] = (line.charAt(i + k) - '0' - middle) / 6.0;
                }
            }
        }
        return segments;
    }
}
