package org.clip4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.clip4j.clip.LoadOptions;
import org.clip4j.converter.ProgressListener;
import org.clip4j.converter.Synth;
import org.clip4j.testing.Goldens;

/**
 * The model that is timed, ViT-B/32 with generated weights, and inputs whose embeddings the reference implementation has
 * computed. Stateless; the model file is written once, to the folder {@code clip4j.benchmarks.models}.
 */
public final class VitB32 {
    /** System property: folder for generated models. */
    public static final String FOLDER_PROPERTY = "clip4j.benchmarks.models";

    private static final String ARCHITECTURE = "ViT-B/32";
    private static final String GOLDENS = "ViT-B-32";
    private static final String INPUT_SEED = "lab-shared-input-1";
    private static final int GENERATED_IMAGES = 2;
    /** Row of the goldens whose caption is cut to the full context. */
    private static final int LONG_CAPTION = 5;
    /** {@code a photo of a cat .}, with start and end token. */
    private static final int[] SHORT_TEXT = {49406, 320, 1125, 539, 320, 2368, 269, 49407};

    private VitB32() {}

    /** The model file, written first where it is missing (605 MB). */
    public static Path modelFile() {
        Path folder = Path.of(System.getProperty(FOLDER_PROPERTY, "benchmarks/target/models"));
        Path file = folder.resolve(GOLDENS + ".safetensors");
        if (!Files.exists(file)) {
            try {
                Files.createDirectories(folder);
                Synth.synth(ARCHITECTURE, file, Synth.DEFAULT_SEED, Optional.empty(),
                        Runtime.getRuntime().availableProcessors(), ProgressListener.NONE);
            } catch (IOException e) {
                throw new UncheckedIOException("model cannot be generated: file=" + file, e);
            }
        }
        return file;
    }

    /** Generated images, checked against the reference. */
    public static EncoderInput images(int batch) {
        Goldens goldens = Goldens.full(GOLDENS);
        int resolution = (Integer) goldens.index().get("image_resolution");
        double[] rows = goldens.doubles("image.f64");
        int embedDim = goldens.shape("image.f64")[1];
        return EncoderInput.images(INPUT_SEED, ARCHITECTURE, resolution, batch, GENERATED_IMAGES,
                Arrays.copyOf(rows, GENERATED_IMAGES * embedDim));
    }

    /**
     * Texts of equal length.
     *
     * @param tokens 77, checked against the reference, or 8, checked against the double-precision backend
     */
    public static EncoderInput texts(int tokens, int batch) {
        if (tokens == SHORT_TEXT.length) {
            return EncoderInput.texts(SHORT_TEXT, tokens, batch, embeddingByOracle(SHORT_TEXT));
        }
        Goldens goldens = Goldens.full(GOLDENS);
        int contextLength = goldens.shape("tokens")[1];
        if (tokens != contextLength) {
            throw new IllegalArgumentException("there is no text of that length: tokens=" + tokens + " expected="
                    + SHORT_TEXT.length + " or " + contextLength);
        }
        int embedDim = goldens.shape("text.f64")[1];
        return EncoderInput.texts(row(goldens.ints("tokens"), contextLength), tokens, batch,
                row(goldens.doubles("text.f64"), embedDim));
    }

    private static int[] row(int[] rows, int length) {
        return Arrays.copyOfRange(rows, LONG_CAPTION * length, (LONG_CAPTION + 1) * length);
    }

    private static double[] row(double[] rows, int length) {
        return Arrays.copyOfRange(rows, LONG_CAPTION * length, (LONG_CAPTION + 1) * length);
    }

    private static double[] embeddingByOracle(int[] ids) {
        EncoderInput input = EncoderInput.texts(ids, ids.length, 1, new double[512]);
        try (Encoder oracle = Clip4jEncoder.open(modelFile(), input,
                LoadOptions.defaults().withBackend("reference"))) {
            oracle.encode();
            double[] embedding = new double[input.embedDim()];
            Arrays.setAll(embedding, oracle.embeddings()::get);
            return embedding;
        }
    }
}
