package org.clip4j.converter;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.clip4j.testing.Goldens;

/** A tiny vision transformer of the goldens, with a vocabulary of 1,000 tokens, and inputs for it. Stateless. */
final class TinyModel {
    /** Values of one image: [3,32,32]. */
    static final int PIXELS = 3 * 32 * 32;
    /** Tokens of four texts that have their start in common, and the last the whole of the second. */
    static final int[] IDS = {998, 320, 539, 999, 998, 999, 998, 530, 999, 998, 999};
    /** Where these texts begin, and where the last one ends. */
    static final int[] OFFSETS = {0, 4, 6, 9, 11};

    private TinyModel() {}

    /** Converts it into a folder. */
    static Path convert(Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        Path vocab = Goldens.copy("tiny/bpe_reduced_1000.txt.gz", folder);
        Converter.convert(Goldens.copy("tiny/openai_jit_vit.pt", folder), file,
                new ConvertOptions(Optional.of(vocab), Optional.empty(), Optional.empty()), ProgressListener.NONE);
        return file;
    }

    /** Images at random, [images,3,32,32]. */
    static FloatBuffer images(int images) {
        FloatBuffer pixels = GoldenEmbeddings.newBuffer(images * PIXELS);
        for (int i = 0; i < images; i++) {
            InputGenerator.image("seed", "test", 32, i, pixels.slice(i * PIXELS, PIXELS));
        }
        return pixels;
    }
}
