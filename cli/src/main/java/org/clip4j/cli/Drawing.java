package org.clip4j.cli;

import java.util.ArrayList;
import java.util.List;
import org.clip4j.training.drawn.StrokeFont;

/**
 * A picture of rectangles, smaller pictures and labels, in 8-bit sRGB. Labels are strokes: they need no font, which a
 * bare JDK on a server may lack. What lies outside of the picture is left out. For one thread.
 */
final class Drawing {
    /** A stroke's width in units of a label's height. */
    private static final double STROKE = 0.15;

    private final int width;
    private final int height;
    private final byte[] rgb;

    /** A picture of one colour, 0xRRGGBB. */
    Drawing(int width, int height, int background) {
        this.width = width;
        this.height = height;
        rgb = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
        fill(0, 0, width, height, background);
    }

    /** In pixels. */
    int width() {
        return width;
    }

    /** In pixels. */
    int height() {
        return height;
    }

    /** The picture itself: [height,width,3]. */
    byte[] rgb() {
        return rgb;
    }

    /** Paints a rectangle. */
    void fill(int left, int top, int columns, int rows, int colour) {
        for (int y = Math.max(0, top); y < Math.min(height, top + rows); y++) {
            for (int x = Math.max(0, left); x < Math.min(width, left + columns); x++) {
                int at = 3 * (y * width + x);
                rgb[at] = (byte) (colour >> 16);
                rgb[at + 1] = (byte) (colour >> 8);
                rgb[at + 2] = (byte) colour;
            }
        }
    }

    /** Paints the inner edge of a rectangle. */
    void frame(int left, int top, int columns, int rows, int thickness, int colour) {
        fill(left, top, columns, thickness, colour);
        fill(left, top + rows - thickness, columns, thickness, colour);
        fill(left, top, thickness, rows, colour);
        fill(left + columns - thickness, top, thickness, rows, colour);
    }

    /** Copies a picture, all of which has to fit. */
    void paste(Thumbnail picture, int left, int top) {
        for (int y = 0; y < Thumbnail.SIDE; y++) {
            System.arraycopy(picture.rgb(), 3 * y * Thumbnail.SIDE, rgb, 3 * ((top + y) * width + left),
                    3 * Thumbnail.SIDE);
        }
    }

    /** Pixels that a label takes from left to right. */
    static int labelWidth(String text, int size) {
        return (int) Math.ceil(2 * StrokeFont.halfWidth(text) * size);
    }

    /** Writes a label of a height in pixels; left and top are those of the first letter. */
    void label(String text, int left, int top, int size, int colour) {
        for (int i = 0; i < text.length(); i++) {
            double centre = left + (StrokeFont.WIDTH / 2 + i * StrokeFont.ADVANCE) * size;
            glyph(StrokeFont.strokes(text.charAt(i)), centre, top + size / 2.0, size, colour);
        }
    }

    private void glyph(double[] strokes, double centreX, double centreY, int size, int colour) {
        double half = STROKE * size / 2;
        int reach = size / 2 + 2;
        for (int y = Math.max(0, (int) centreY - reach); y < Math.min(height, (int) centreY + reach + 1); y++) {
            for (int x = Math.max(0, (int) centreX - reach); x < Math.min(width, (int) centreX + reach + 1); x++) {
                double distance = StrokeFont.distance(strokes, (x + 0.5 - centreX) / size, (y + 0.5 - centreY) / size)
                        * size - half;
                if (distance < 0.5) {
                    blend(3 * (y * width + x), colour, Math.min(0.5 - distance, 1));
                }
            }
        }
    }

    private void blend(int at, int colour, double cover) {
        for (int i = 0; i < 3; i++) {
            int under = rgb[at + i] & 0xFF;
            int over = (colour >> (16 - 8 * i)) & 0xFF;
            rgb[at + i] = (byte) Math.round(under + cover * (over - under));
        }
    }

    /** Breaks a label between words, and within those that are too long, into lines of at most so many pixels. */
    static List<String> wrap(String text, int size, int maxWidth, int maxLines) {
        int most = Math.max(4, (int) ((maxWidth / (double) size - StrokeFont.WIDTH) / StrokeFont.ADVANCE) + 1);
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.strip().split("\\s+", -1)) {
            String rest = word;
            while (line.length() + rest.length() + (line.isEmpty() ? 0 : 1) > most) {
                if (line.isEmpty()) {
                    lines.add(rest.substring(0, most));
                    rest = rest.substring(most);
                } else {
                    lines.add(line.toString());
                    line.setLength(0);
                }
            }
            line.append(line.isEmpty() ? "" : " ").append(rest);
        }
        lines.add(line.toString());
        if (lines.size() <= maxLines) {
            return lines;
        }
        List<String> cut = new ArrayList<>(lines.subList(0, maxLines));
        String last = cut.get(maxLines - 1);
        cut.set(maxLines - 1, last.substring(0, Math.min(last.length(), most - 3)) + "...");
        return cut;
    }
}
