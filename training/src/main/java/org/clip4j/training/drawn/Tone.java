package org.clip4j.training.drawn;

/** The colours that backdrops have: paler or darker than those of things, so that both can be named. */
public enum Tone {
    WHITE(250, 250, 250), BLACK(10, 10, 10), GRAY(172, 172, 172), CREAM(250, 240, 196), PALE_BLUE(184, 212,
            246), PALE_GREEN(190, 234,
                    190), PALE_PINK(250, 208, 220), DARK_BLUE(20, 30, 84), DARK_GREEN(16, 66, 30), DARK_RED(92, 18, 24);

    private final int red;
    private final int green;
    private final int blue;

    Tone(int red, int green, int blue) {
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

    /** Whether textures darken it; they lighten the others. */
    boolean isLight() {
        return green > 128;
    }
}
