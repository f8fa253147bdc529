package org.clip4j.cli;

import java.util.Map;

/** What a terminal is asked to show: escape sequences of ECMA-48, in the widest choice of colours that it has. */
enum Colours {
    /** Characters only. */
    NONE,
    /** xterm's palette of 256, of which the cube of 6 x 6 x 6 is used. */
    PALETTE,
    /** Red, green and blue of 8 bits each. */
    FULL;

    /** Ends what the other sequences begin. */
    static final String RESET = "\u001b[0m";

    private static final String ESCAPE = "\u001b[";
    /** Levels of the palette's cube; xterm's 256colres.h. */
    private static final int[] LEVELS = {0, 95, 135, 175, 215, 255};

    /**
     * What may be used: nothing where no person looks or NO_COLOR is set (no-color.org), all where COLORTERM says so.
     *
     * @param environment the process's variables
     */
    static Colours of(boolean terminal, Map<String, String> environment) {
        if (!terminal || !environment.getOrDefault("NO_COLOR", "").isEmpty()) {
            return NONE;
        }
        String term = environment.getOrDefault("COLORTERM", "");
        return term.equals("truecolor") || term.equals("24bit") ? FULL : PALETTE;
    }

    /** Starts text on a background, in black or white, whichever can be read. Not for {@link #NONE}. */
    String textOn(int rgb, boolean bold) {
        return ESCAPE + (bold ? "1;" : "") + (isLight(rgb) ? "30" : "97") + ';' + code(48, rgb) + 'm';
    }

    /** Starts text in one colour on another. Not for {@link #NONE}. */
    String textOn(int foreground, int background) {
        return ESCAPE + code(38, foreground) + ';' + code(48, background) + 'm';
    }

    private String code(int layer, int rgb) {
        int red = rgb >> 16 & 0xFF;
        int green = rgb >> 8 & 0xFF;
        int blue = rgb & 0xFF;
        return this == FULL
                ? layer + ";2;" + red + ';' + green + ';' + blue
                : layer + ";5;" + (16 + 36 * level(red) + 6 * level(green) + level(blue));
    }

    private static int level(int sample) {
        int nearest = 0;
        for (int i = 1; i < LEVELS.length; i++) {
            nearest = Math.abs(LEVELS[i] - sample) < Math.abs(LEVELS[nearest] - sample) ? i : nearest;
        }
        return nearest;
    }

    /** Whether black can be read better than white on a colour; weights of luma from ITU-R BT.601. */
    static boolean isLight(int rgb) {
        return 299 * (rgb >> 16 & 0xFF) + 587 * (rgb >> 8 & 0xFF) + 114 * (rgb & 0xFF) > 140_000;
    }
}
