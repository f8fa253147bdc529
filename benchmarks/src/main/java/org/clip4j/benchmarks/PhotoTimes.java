package org.clip4j.benchmarks;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.clip4j.image.Image;
import org.clip4j.image.ImageDecoder;
import org.clip4j.image.PixelMemory;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;

/**
 * Writes the photos of {@link PreprocessBenchmark} and prints what {@code benchmarks/pillow.py} prints for them: the
 * shortest times, which a busy host disturbs less than means, and the checksum of the tensor.
 */
public final class PhotoTimes {
    private static final List<int[]> SIZES = List.of(new int[]{640, 480}, new int[]{1920, 1080}, new int[]{4000, 3000});
    private static final long NANOS = 3_000_000_000L;

    private PhotoTimes() {}

    /** The folder to write to is the only argument. */
    public static void main(String[] arguments) throws IOException {
        Path folder = Files.createDirectories(Path.of(arguments[0]));
        int n = PreprocessBenchmark.RESOLUTION;
        ByteBuffer tensor = ByteBuffer.allocateDirect(3 * n * n * Float.BYTES).order(ByteOrder.nativeOrder());
        FloatBuffer floats = tensor.asFloatBuffer();
        ImageDecoder decoder = ImageDecoder.create();
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(n), decoder);
                PixelMemory memory = decoder.newMemory()) {
            for (int[] size : SIZES) {
                byte[] jpeg = GeneratedPhoto.jpeg(size[0], size[1]);
                Path file = Files.write(folder.resolve(size[0] + "x" + size[1] + ".jpg"), jpeg);
                ByteBuffer rows = GeneratedPhoto.rgb(ImageIO.read(new ByteArrayInputStream(jpeg)));
                Image decoded = Image.rgb(rows, size[0], size[1], 3 * size[0]);
                Image encoded = Image.of(jpeg);
                double decode = shortest(() -> decoder.decode(jpeg, memory).close());
                double resize = shortest(() -> preprocessor.tensor(decoded, floats, 0));
                double whole = shortest(() -> preprocessor.tensor(encoded, floats, 0));
                CRC32 crc = new CRC32();
                crc.update(tensor.duplicate());
                System.out.printf(Locale.ROOT,
                        "%s: decode all %.2f resize and normalise %.2f whole %.2f ms crc32 %08x%n",
                        file, decode, resize, whole, crc.getValue());
            }
        }
    }

    private static double shortest(Runnable call) {
        long shortest = Long.MAX_VALUE;
        for (long start = System.nanoTime(); System.nanoTime() - start < NANOS;) {
            long before = System.nanoTime();
            call.run();
            shortest = Math.min(shortest, System.nanoTime() - before);
        }
        return shortest / 1e6;
    }
}
