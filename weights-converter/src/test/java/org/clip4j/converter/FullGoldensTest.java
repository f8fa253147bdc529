package org.clip4j.converter;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.LoadOptions;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The published architectures at full size with generated weights against the f64 goldens. Two of them by default, all
 * nine with {@code -Dclip4j.goldens=all} (the profile {@code all-goldens}).
 */
class FullGoldensTest {
    /** Limits for image embeddings in f32; texts and vision transformers: 1e-5. */
    private static final Map<String, Double> IMAGE_LIMITS = Map.of("RN50", 2e-5, "RN50x4", 2e-5, "RN101", 5e-5,
            "RN50x16", 1e-4, "RN50x64", 2e-3);
    static final double TEXT_LIMIT = 1e-5;
    private static final float[] MEAN = {0.48145466f, 0.4578275f, 0.40821073f};
    private static final float[] STD = {0.26862954f, 0.26130258f, 0.27577711f};

    @TempDir
    private Path folder;

    static Stream<String> architectures() {
        List<String> fast = List.of("ViT-B/32", "RN50");
        List<String> all = List.of("ViT-B/32", "ViT-B/16", "ViT-L/14", "ViT-L/14@336px", "RN50", "RN101", "RN50x4",
                "RN50x16", "RN50x64");
        return ("all".equals(System.getProperty("clip4j.goldens")) ? all : fast).stream();
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void matchesReference(String architecture) throws IOException {
        Goldens goldens = Goldens.full(architecture.replace("/", "-").replace("@", "-"));
        String seed = (String) goldens.index().get("weight_seed");
        Path file = folder.resolve("model.safetensors");
        Synth.synth(architecture, file, seed, Optional.empty(), 2, ProgressListener.NONE);
        try (ClipModel model = ClipModel.load(file, LoadOptions.defaults().withBackend("openblas"))) {
            List<?> images = (List<?>) goldens.index().get("images");
            FloatBuffer pixels = inputs(goldens, architecture, images, model.imageResolution());
            GoldenEmbeddings.assertRows(architecture + " image",
                    GoldenEmbeddings.images(model, pixels, images.size()), goldens, "image.f64",
                    imageLimit(architecture));
            int texts = goldens.shape("tokens")[0];
            GoldenEmbeddings.assertRows(architecture + " text",
                    GoldenEmbeddings.texts(model, goldens.ints("tokens"), texts), goldens, "text.f64",
                    TEXT_LIMIT);
        } finally {
            Files.delete(file);
        }
    }

    static double imageLimit(String architecture) {
        return IMAGE_LIMITS.getOrDefault(architecture, TEXT_LIMIT);
    }

    static FloatBuffer inputs(Goldens goldens, String architecture, List<?> images, int resolution) {
        int size = 3 * resolution * resolution;
        FloatBuffer pixels = GoldenEmbeddings.newBuffer(images.size() * size);
        for (int i = 0; i < images.size(); i++) {
            FloatBuffer target = pixels.slice(i * size, size);
            String image = (String) images.get(i);
            if (image.startsWith("generated")) {
                InputGenerator.image((String) goldens.index().get("input_seed"), architecture, resolution, i, target);
            } else {
                photo(image, resolution, target);
            }
        }
        return pixels;
    }

    private static void photo(String name, int resolution, FloatBuffer target) {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(Goldens.bytes("full/" + name)))) {
            byte[] rgb = in.readAllBytes();
            int plane = resolution * resolution;
            for (int i = 0; i < rgb.length; i++) {
                int channel = i % 3;
                target.put(channel * plane + i / 3, ((rgb[i] & 0xFF) / 255f - MEAN[channel]) / STD[channel]);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("golden photo cannot be read: name=" + name, e);
        }
    }
}
