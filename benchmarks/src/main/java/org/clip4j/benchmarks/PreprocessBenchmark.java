package org.clip4j.benchmarks;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.clip4j.image.Image;
import org.clip4j.image.ImageDecoder;
import org.clip4j.image.PixelImage;
import org.clip4j.image.PixelMemory;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** How long does a JPEG take to the image tower's input, and which part of it is the decoder's? */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class PreprocessBenchmark {
    static final int RESOLUTION = 224;

    @Param({"640x480", "1920x1080", "4000x3000"})
    String size;

    private byte[] jpeg;
    private Image decoded;
    private final ImageDecoder decoder = ImageDecoder.create();
    private final PixelMemory memory = decoder.newMemory();
    private final Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(RESOLUTION));
    private final FloatBuffer tensor = ByteBuffer.allocateDirect(3 * RESOLUTION * RESOLUTION * Float.BYTES)
            .order(ByteOrder.nativeOrder()).asFloatBuffer();

    @Setup
    public void generate() throws IOException {
        int cross = size.indexOf('x');
        jpeg = GeneratedPhoto.jpeg(Integer.parseInt(size.substring(0, cross)),
                Integer.parseInt(size.substring(cross + 1)));
        BufferedImage picture = ImageIO.read(new ByteArrayInputStream(jpeg));
        decoded = Image.rgb(GeneratedPhoto.rgb(picture), picture.getWidth(), picture.getHeight(),
                3 * picture.getWidth());
        preprocessor.tensor(decoded, tensor, 0);
        ResizeOracle.check("preprocess", picture, tensor, RESOLUTION);
        preprocessor.tensor(Image.of(jpeg), tensor, 0);
        ResizeOracle.check("decodeAndPreprocess", picture, tensor, RESOLUTION);
    }

    @Benchmark
    public int decode() {
        try (PixelImage image = decoder.decode(jpeg, memory)) {
            return image.width();
        }
    }

    @Benchmark
    public FloatBuffer preprocess() {
        preprocessor.tensor(decoded, tensor, 0);
        return tensor;
    }

    @Benchmark
    public FloatBuffer decodeAndPreprocess() {
        preprocessor.tensor(Image.of(jpeg), tensor, 0);
        return tensor;
    }
}
