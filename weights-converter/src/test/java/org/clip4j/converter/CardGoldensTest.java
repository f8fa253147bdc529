package org.clip4j.converter;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.kernels.Precision;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Full-size models on a card, in each of its precisions, against the f64 goldens. */
class CardGoldensTest {
    /**
     * What rounding the weights to f16, and to bf16, does to images and to texts, as the relative error of the worst row:
     * shared/reference/README.md, observed tolerances. Of the deep ResNets it says nothing about precision.
     */
    private record Rounding(double f16Image, double f16Text, double bf16Image, double bf16Text) {}

    private static final Map<String, Rounding> ROUNDING = Map.of(
            "ViT-B/32", new Rounding(1.0e-3, 8.9e-4, 1.2e-2, 9.8e-3),
            "RN50", new Rounding(1.5e-3, 8.5e-4, 2.2e-2, 9.1e-3),
            "ViT-B/16", new Rounding(1.0e-3, 8.9e-4, 1.2e-2, 9.8e-3),
            "ViT-L/14", new Rounding(8.8e-4, 7.9e-4, 9.3e-3, 9.5e-3),
            "ViT-L/14@336px", new Rounding(9.2e-4, 7.9e-4, 9.9e-3, 9.5e-3));

    @TempDir
    private Path folder;

    static Stream<String> architectures() {
        return FullGoldensTest.architectures();
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void matchesReference(String architecture) throws IOException {
        TestDevices.requireDevice("cuda");
        Goldens goldens = Goldens.full(architecture.replace("/", "-").replace("@", "-"));
        Path file = folder.resolve("model.safetensors");
        Synth.synth(architecture, file, (String) goldens.index().get("weight_seed"), Optional.empty(), 2,
                ProgressListener.NONE);
        try {
            for (Precision precision : List.of(Precision.F32, Precision.TF32, Precision.F16, Precision.BF16)) {
                Rounding rounding = ROUNDING.get(architecture);
                if (precision == Precision.F32 || rounding != null) {
                    check(architecture, file, precision, rounding, goldens);
                }
            }
        } finally {
            Files.delete(file);
        }
    }

    private static void check(String architecture, Path file, Precision precision, Rounding rounding,
            Goldens goldens) throws IOException {
        // Twice the rounding of the weights, since activations are rounded as well.
        double imageLimit = switch (precision) {
            case F32 -> FullGoldensTest.imageLimit(architecture);
            case BF16 -> 2 * rounding.bf16Image;
            default -> 2 * rounding.f16Image;
        };
        double textLimit = switch (precision) {
            case F32 -> FullGoldensTest.TEXT_LIMIT;
            case BF16 -> 2 * rounding.bf16Text;
            default -> 2 * rounding.f16Text;
        };
        List<?> images = (List<?>) goldens.index().get("images");
        int texts = goldens.shape("tokens")[0];
        String name = architecture + " " + precision.label();
        try (ClipModel model = ClipModel.load(file, TestDevices.options("cuda/cuda").withPrecision(precision));
                ClipSession session = model.newSession()) {
            FloatBuffer pixels = FullGoldensTest.inputs(goldens, architecture, images, model.imageResolution());
            // The first pass runs as it is, the second is recorded, the third replayed.
            for (int pass = 0; pass < 3; pass++) {
                GoldenEmbeddings.assertRows(name + " image",
                        GoldenEmbeddings.images(session, pixels, images.size()), goldens, "image.f64", imageLimit);
                GoldenEmbeddings.assertRows(name + " text",
                        GoldenEmbeddings.texts(session, goldens.ints("tokens"), texts), goldens, "text.f64", textLimit);
            }
        }
    }
}
