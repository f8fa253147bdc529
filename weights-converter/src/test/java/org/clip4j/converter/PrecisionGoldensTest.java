package org.clip4j.converter;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.LoadOptions;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ViT-B/32 at full size on the backends that have lower precisions, against the f64 goldens. */
class PrecisionGoldensTest {
    private static final String ARCHITECTURE = "ViT-B/32";
    /** What a user gives up: the least cosine to the f64 embedding, of images and texts. */
    private static final Map<Precision, Double> COSINES = Map.of(Precision.BF16, 0.9995, Precision.INT8, 0.995);

    @TempDir
    private Path folder;

    @Test
    void staysCloseToTheReference() throws IOException {
        Goldens goldens = Goldens.full("ViT-B-32");
        Path file = folder.resolve("model.safetensors");
        Synth.synth(ARCHITECTURE, file, (String) goldens.index().get("weight_seed"), Optional.empty(), 2,
                ProgressListener.NONE);
        List<?> images = (List<?>) goldens.index().get("images");
        int texts = goldens.shape("tokens")[0];
        for (String backend : usableBackends()) {
            for (Precision precision : List.of(Precision.F32, Precision.BF16, Precision.INT8)) {
                LoadOptions options = LoadOptions.defaults().withBackend(backend).withPrecision(precision);
                try (ClipModel model = ClipModel.load(file, options)) {
                    FloatBuffer pixels = FullGoldensTest.inputs(goldens, ARCHITECTURE, images, model.imageResolution());
                    float[] imageRows = GoldenEmbeddings.images(model, pixels, images.size());
                    check(backend, precision, "image", imageRows, goldens);
                    float[] textRows = GoldenEmbeddings.texts(model, goldens.ints("tokens"), texts);
                    check(backend, precision, "text", textRows, goldens);
                }
            }
        }
    }

    private static List<String> usableBackends() {
        List<String> usable = new ArrayList<>();
        for (BackendProvider provider : Backends.providers()) {
            if (provider.name().equals("onednn") || provider.name().equals("simd")) {
                Probe probe = provider.probe();
                if (probe.usable()) {
                    usable.add(provider.name());
                } else {
                    System.out.println("skipped: " + provider.name() + ": " + probe.detail());
                }
            }
        }
        return usable;
    }

    private static void check(String backend, Precision precision, String what, float[] actual, Goldens goldens) {
        String name = ARCHITECTURE + " " + backend + " " + precision.label() + " " + what;
        if (precision == Precision.F32) {
            GoldenEmbeddings.assertRows(name, actual, goldens, what + ".f64", 1e-5);
        } else {
            GoldenEmbeddings.assertCosines(name, actual, goldens, what + ".f64", COSINES.get(precision));
        }
    }
}
