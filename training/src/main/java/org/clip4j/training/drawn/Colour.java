package org.clip4j.training.drawn;

/** The colours that things have. The values are ours, chosen far apart; a picture varies them a little. */
public enum Colour {
    RED(214, 38, 38), ORANGE(246, 138, 20), YELLOW(245, 222, 40), GREEN(40, 160, 60), CYAN(40, 208, 216), BLUE(35, 75,
            215), PURPLE(130, 50, 178), PINK(248, 125,
                    185), BROWN(122, 74, 36), BLACK(18, 18, 18), WHITE(248, 248, 248), GRAY(132, 132, 132);

    /** 110: below this distance a thing is hard to tell from what lies under it; seen on contact sheets. */
    private static final double CONTRAST = 110;

    private final int red;
    private final int green;
    private final int blue;

    Colour(int red, int green, int blue) {
        this.red = red;
        this.green = green;
        this.blue = blue;
    }

    /** 0 to 255, sRGB. */
    public int red() {
        return red;
    }

    /** 0 to 255, sRGB. */
    public int green() {
        return green;
    }

    /** 0 to 255, sRGB. */
    public int blue() {
        return blue;
    }

    /** Whether a thing of this colour can be told from a backdrop. */
    public boolean showsOn(Tone tone) {
        return distance(tone.red(), tone.green(), tone.blue()) >= CONTRAST;
    }

    /** Whether a thing of this colour can be told from one under it. */
    public boolean showsOn(Colour other) {
        return distance(other.red, other.green, other.blue) >= CONTRAST;
    }

    /** Distance in sRGB with the usual rough weights of the eye: 2, 4 and 3. */
    private double distance(int r, int g, int b) {
        int dr = red - r;
        int dg = green - g;
        int db = blue - b;
        return Math.sqrt((2 * dr * dr + 4 * dg * dg + 3 * db * db) / 3.0);
    }
}
