package org.clip4j.benchmarks;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/**
 * A picture with large shapes, fine structure and some noise, so that it costs a JPEG decoder about what a photo does.
 * Stateless; the same picture for the same size.
 */
final class GeneratedPhoto {
    private GeneratedPhoto() {}

    /** Baseline, with the JDK's default quality and chroma subsampling. */
    static byte[] jpeg(int width, int height) throws IOException {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        SplittableRandom random = new SplittableRandom(width * 31L + height);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double u = 6.0 * x / width;
                double v = 6.0 * y / height;
                double shapes = Math.sin(u + Math.cos(v)) + 0.5 * Math.sin(40 * u * v / 6) + random.nextDouble(0.15);
                int red = level(128 + 70 * shapes);
                int green = level(128 + 60 * shapes * Math.cos(v));
                int blue = level(128 + 80 * Math.sin(v + shapes));
                picture.setRGB(x, y, red << 16 | green << 8 | blue);
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (!ImageIO.write(picture, "jpeg", bytes)) {
            throw new IOException("the JDK has no JPEG writer");
        }
        return bytes.toByteArray();
    }

    private static int level(double value) {
        return (int) Math.max(0, Math.min(255, Math.round(value)));
    }

    /** Rows of red, green, blue; direct. */
    static ByteBuffer rgb(BufferedImage picture) {
        ByteBuffer rows = ByteBuffer.allocateDirect(3 * picture.getWidth() * picture.getHeight());
        for (int y = 0; y < picture.getHeight(); y++) {
            for (int x = 0; x < picture.getWidth(); x++) {
                int pixel = picture.getRGB(x, y);
                rows.put((byte) (pixel >> 16)).put((byte) (pixel >> 8)).put((byte) pixel);
            }
        }
        return rows.flip();
    }
}
