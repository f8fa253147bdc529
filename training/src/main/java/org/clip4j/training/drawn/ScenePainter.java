package org.clip4j.training.drawn;

import java.util.Objects;

/**
 * Draws scenes as square RGB pictures, with smooth edges. The bytes depend on scene and side only. Holds the scratch
 * memory of one picture; one thread at a time.
 */
public final class ScenePainter {
    /** Fewest pixels of a side in which small figures can be told. */
    public static final int MIN_SIDE = 16;
    /** Most pixels of a side. */
    public static final int MAX_SIDE = 4096;

    /** 12 of 255: how far a thing's colour varies from picture to picture. */
    private static final double SHADE = 12;
    /** What shows of the colour between stripes and dots. */
    private static final double GAP = 0.1;
    /** A stroke's width in units of the glyph's height. */
    private static final double STROKE = 0.15;

    private final Canvas canvas;
    private final JpegArtefacts jpeg = new JpegArtefacts();

    /**
     * Makes a painter of pictures of one size.
     *
     * @param sidePixels width and height
     */
    public ScenePainter(int sidePixels) {
        if (sidePixels < MIN_SIDE || sidePixels > MAX_SIDE) {
            throw new IllegalArgumentException("side is out of range: expected=" + MIN_SIDE + ".." + MAX_SIDE
                    + " actual=" + sidePixels);
        }
        canvas = new Canvas(sidePixels);
    }

    /** Pixels in a row and in a column. */
    public int side() {
        return canvas.side();
    }

    /** Bytes of a picture: side x side x 3. */
    public int sizeBytes() {
        return canvas.samples().length;
    }

    /**
     * Draws a scene into the caller's array.
     *
     * @param rgb receives {@link #sizeBytes()} bytes from offset on: rows from the top, pixels from the left, red green
     *        blue; nothing else is written
     * @throws IndexOutOfBoundsException if the array is too short
     */
    public void paint(Scene scene, byte[] rgb, int offset) {
        Objects.checkFromIndexSize(offset, sizeBytes(), rgb.length);
        Draws draws = new Draws(scene.grain());
        BackdropPainter.paint(scene.backdrop(), draws, canvas);
        for (int i = scene.items().size() - 1; i >= 0; i--) {
            Item item = scene.items().get(i);
            Canvas.Ink ink = ink(item.colour(), draws);
            if (item instanceof Figure figure) {
                paint(figure, ink, draws);
            } else {
                paint((Inscription) item, ink);
            }
        }
        if (scene.finish().noise() > 0) {
            addNoise(scene.finish().noise(), draws);
        }
        if (scene.finish().jpegQuality() > 0) {
            jpeg.apply(canvas, scene.finish().jpegQuality());
        }
        canvas.store(rgb, offset);
    }

    /** Draws a scene into an array of its own, {@link #sizeBytes()} long. */
    public byte[] paint(Scene scene) {
        byte[] rgb = new byte[sizeBytes()];
        paint(scene, rgb, 0);
        return rgb;
    }

    private static Canvas.Ink ink(Colour colour, Draws draws) {
        return new Canvas.Ink(shade(colour.red(), draws), shade(colour.green(), draws), shade(colour.blue(), draws));
    }

    private static float shade(int sample, Draws draws) {
        return (float) Math.min(Math.max(sample + draws.between(-SHADE, SHADE), 0), 255);
    }

    private void paint(Figure figure, Canvas.Ink ink, Draws draws) {
        Placement place = figure.placement();
        double centreX = place.x() * canvas.side();
        double centreY = place.y() * canvas.side();
        double radius = place.radius() * canvas.side();
        double cos = StrictMath.cos(place.angle());
        double sin = StrictMath.sin(place.angle());
        Outline outline = Outline.of(figure.shape());
        FillPattern fill = new FillPattern(figure.fill(), radius, draws);
        // One pixel more for the smooth edge; corners of a square reach beyond its radius.
        double reach = 1.12 * radius + 1;
        for (int y = canvas.first(centreY, reach); y < canvas.end(centreY, reach); y++) {
            for (int x = canvas.first(centreX, reach); x < canvas.end(centreX, reach); x++) {
                double dx = x + 0.5 - centreX;
                double dy = y + 0.5 - centreY;
                double u = dx * cos + dy * sin;
                double v = dy * cos - dx * sin;
                if (dx * dx + dy * dy > reach * reach) {
                    continue;
                }
                double cover = fill.cover(outline.distance(u / radius, v / radius) * radius, u, v);
                if (cover > 0) {
                    canvas.blend(x, y, ink, cover);
                }
            }
        }
    }

    private void paint(Inscription inscription, Canvas.Ink ink) {
        Placement place = inscription.placement();
        String text = inscription.text();
        double height = 2 * place.radius() * canvas.side();
        double cos = StrictMath.cos(place.angle());
        double sin = StrictMath.sin(place.angle());
        double left = StrokeFont.WIDTH / 2 - StrokeFont.halfWidth(text);
        for (int i = 0; i < text.length(); i++) {
            double along = (left + i * StrokeFont.ADVANCE) * height;
            double centreX = place.x() * canvas.side() + along * cos;
            double centreY = place.y() * canvas.side() + along * sin;
            paintGlyph(StrokeFont.strokes(text.charAt(i)), new Placement(centreX, centreY, height, place.angle()), ink);
        }
    }

    /** The place is in pixels here, its radius the glyph's height. */
    private void paintGlyph(double[] strokes, Placement place, Canvas.Ink ink) {
        double height = place.radius();
        double cos = StrictMath.cos(place.angle()) / height;
        double sin = StrictMath.sin(place.angle()) / height;
        double half = Math.max(STROKE * height / 2, 0.6);
        double reach = 0.7 * height + half + 1;
        for (int y = canvas.first(place.y(), reach); y < canvas.end(place.y(), reach); y++) {
            for (int x = canvas.first(place.x(), reach); x < canvas.end(place.x(), reach); x++) {
                double dx = x + 0.5 - place.x();
                double dy = y + 0.5 - place.y();
                double distance = StrokeFont.distance(strokes, dx * cos + dy * sin, dy * cos - dx * sin) * height
                        - half;
                if (distance < 0.5) {
                    canvas.blend(x, y, ink, Math.min(0.5 - distance, 1));
                }
            }
        }
    }

    private void addNoise(int most, Draws draws) {
        float[] samples = canvas.samples();
        // 21 bits for each of a pixel's three samples, as a part of 2^20, less 1.
        float step = most * 0x1.0p-20f;
        for (int i = 0; i < samples.length; i += 3) {
            long bits = draws.bits();
            samples[i] += (bits & 0x1FFFFF) * step - most;
            samples[i + 1] += (bits >>> 21 & 0x1FFFFF) * step - most;
            samples[i + 2] += (bits >>> 42 & 0x1FFFFF) * step - most;
        }
    }

    /** How a figure's inside is covered. Distances and places are in pixels. */
    private static final class FillPattern {
        private final Fill fill;
        private final double line;
        private final double period;
        private final double phase;

        FillPattern(Fill fill, double radius, Draws draws) {
            this.fill = fill;
            boolean outlined = fill == Fill.OUTLINED;
            line = Math.max(outlined ? 1.4 : 1.0, (outlined ? 0.15 : 0.07) * radius);
            period = Math.max(4.0, (fill == Fill.DOTTED ? 0.46 : 0.42) * radius);
            phase = draws.unit();
        }

        /** Cover at a place of the figure's own axes, at a distance from its edge. */
        double cover(double distance, double u, double v) {
            if (distance >= 0.5) {
                return 0;
            }
            double body = Math.min(0.5 - distance, 1);
            if (fill == Fill.SOLID) {
                return body;
            }
            double contour = Canvas.clamp(0.5 - (Math.abs(distance + line / 2) - line / 2));
            if (fill == Fill.OUTLINED) {
                return contour;
            }
            double from = Math.abs(fraction(v / period + phase) - 0.5) * period;
            if (fill == Fill.DOTTED) {
                double across = Math.abs(fraction(u / period + phase) - 0.5) * period;
                from = Math.sqrt(from * from + across * across) - 0.06 * period;
            }
            double ink = Canvas.clamp(0.5 - (from - 0.25 * period));
            return Math.max(contour, body * (GAP + (1 - GAP) * ink));
        }

        private static double fraction(double value) {
            return value - Math.floor(value);
        }
    }
}
