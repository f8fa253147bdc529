package org.clip4j.training.drawn;

/** Fills a canvas with a backdrop. */
final class BackdropPainter {
    /** 46 of 255: how far a gradient goes from the tone. */
    private static final double FADE = 46;
    /** 24 of 255: between a pattern's two shades. */
    private static final double STEP = 24;
    /** 34 of 255: the largest change by grain. */
    private static final double GRAIN = 34;
    /** 5 of 255: how far a tone varies from picture to picture. */
    private static final double SHADE = 5;

    private BackdropPainter() {}

    /** Covers every pixel. */
    static void paint(Backdrop backdrop, Draws draws, Canvas canvas) {
        Tone tone = backdrop.tone();
        double red = tone.red() + draws.between(-SHADE, SHADE);
        double green = tone.green() + draws.between(-SHADE, SHADE);
        double blue = tone.blue() + draws.between(-SHADE, SHADE);
        double sign = tone.isLight() ? -1 : 1;
        switch (backdrop.texture()) {
            case GRADIENT -> {
                gradient(draws, canvas, new double[]{red, green, blue}, sign * FADE);
            }
            case NOISY -> {
                grain(draws, canvas, new double[]{red, green, blue}, sign * GRAIN);
            }
            case PATTERNED -> {
                pattern(draws, canvas, new double[]{red, green, blue}, sign * STEP);
            }
            default -> {
                for (int y = 0; y < canvas.side(); y++) {
                    for (int x = 0; x < canvas.side(); x++) {
                        canvas.set(x, y, red, green, blue);
                    }
                }
            }
        }
    }

    private static void gradient(Draws draws, Canvas canvas, double[] rgb, double fade) {
        double angle = draws.between(0, 2 * Math.PI);
        int side = canvas.side();
        double dx = StrictMath.cos(angle) / side;
        double dy = StrictMath.sin(angle) / side;
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                // From 0 to 1 over the diagonal, whatever the direction.
                double along = 0.5 + 0.75 * ((x + 0.5 - side / 2.0) * dx + (y + 0.5 - side / 2.0) * dy);
                double change = fade * Canvas.clamp(along);
                canvas.set(x, y, rgb[0] + change, rgb[1] + change, rgb[2] + change);
            }
        }
    }

    private static void grain(Draws draws, Canvas canvas, double[] rgb, double most) {
        for (int y = 0; y < canvas.side(); y++) {
            for (int x = 0; x < canvas.side(); x++) {
                double change = most * draws.unit();
                canvas.set(x, y, rgb[0] + change, rgb[1] + change, rgb[2] + change);
            }
        }
    }

    private static void pattern(Draws draws, Canvas canvas, double[] rgb, double step) {
        int kind = draws.below(3);
        int side = canvas.side();
        double period = side * draws.between(0.10, 0.17);
        double angle = draws.between(0, Math.PI);
        double cos = StrictMath.cos(angle) / period;
        double sin = StrictMath.sin(angle) / period;
        double phase = draws.unit();
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                double u = x * cos + y * sin + phase;
                double v = y * cos - x * sin + phase;
                double change = step * motif(kind, u - Math.floor(u), v - Math.floor(v), period);
                canvas.set(x, y, rgb[0] + change, rgb[1] + change, rgb[2] + change);
            }
        }
    }

    /** How much of the second shade is at a place of the repeated square: lines, checks or dots. */
    private static double motif(int kind, double u, double v, double period) {
        double bandU = cover((Math.abs(u - 0.5) - 0.25) * period);
        if (kind == 0) {
            return bandU;
        }
        if (kind == 1) {
            double bandV = cover((Math.abs(v - 0.5) - 0.25) * period);
            return bandU + bandV - 2 * bandU * bandV;
        }
        double du = u - 0.5;
        double dv = v - 0.5;
        return cover((Math.sqrt(du * du + dv * dv) - 0.3) * period);
    }

    private static double cover(double distance) {
        return Canvas.clamp(0.5 - distance);
    }
}
