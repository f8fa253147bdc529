package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a file says of algorithms is used when it can be, and passed over when not. */
@RequiresCard
class AlgorithmFileTest {
    private static final int ROWS = 3;
    /** No multiple of what our own kernel takes, so that it is cublasLt's product. */
    private static final int WIDTH = 36;

    @TempDir
    private Path folder;

    private float[] product(Path file) {
        try (CudaBackend backend = open(file);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            Random random = new Random(4);
            Tensor weight = Tensor.allocate(DType.F32, WIDTH, WIDTH);
            for (int i = 0; i < weight.elements(); i++) {
                weight.set(i, random.nextGaussian());
            }
            Linear linear = backend.linear(arena, weight, null, Activation.NONE);
            Tensor x = arena.allocate(DType.F32, ROWS, WIDTH);
            float[] inputs = new float[ROWS * WIDTH];
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = (float) random.nextGaussian();
            }
            context.upload(FloatBuffer.wrap(inputs), 0, x, inputs.length);
            Tensor out = arena.allocate(DType.F32, ROWS, WIDTH);
            linear.run(context, x, ROWS, out);
            float[] result = new float[ROWS * WIDTH];
            context.download(out, FloatBuffer.wrap(result), 0, result.length);
            return result;
        }
    }

    private static CudaBackend open(Path file) {
        CudaDevice cuda = new CudaDevice(0, CardInfo.all().get(0));
        return new CudaBackend(cuda, Precision.F32, CudaBackend.Mode.DEVICE,
                new AlgorithmSearch(cuda, AlgorithmSearch.Effort.MEASURED, new AlgorithmFile(file)));
    }

    @Test
    void linesThatDoNotFitAreSearchedAnew() throws IOException {
        Path file = folder.resolve("algorithms.txt");
        float[] expected = product(file);
        List<String> good = Files.readAllLines(file);
        assertThat(good).hasSize(1);
        String key = good.get(0).substring(0, good.get(0).indexOf(' '));
        for (String words : List.of(" 1 2 3 4 5 6 7 8", " ffffffffffffffff 0 0 0 0 0 0 0", " 0 0 0 0 0 0 0 0", " 1 2",
                " x 2 3 4 5 6 7 8")) {
            Files.writeString(file, key + words + "\n");
            assertThat(product(file)).as("words=%s", words).isEqualTo(expected);
            // The next process finds what this one found.
            List<String> lines = Files.readAllLines(file);
            assertThat(lines).as("words=%s", words).hasSize(2);
            assertThat(lines.get(1)).startsWith(key + " ");
            assertThat(product(file)).isEqualTo(expected);
            assertThat(Files.readAllLines(file)).isEqualTo(lines);
        }
    }
}
