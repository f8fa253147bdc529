package org.clip4j.converter;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.clip4j.clip.ClipModel;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every tiny checkpoint, converted and run on every backend, against the f64 goldens. */
class TinyGoldensTest {
    @TempDir
    private Path folder;

    static Stream<Arguments> checkpoints() {
        Map<?, ?> files = (Map<?, ?>) Goldens.tiny().index().get("files");
        return files.entrySet().stream()
                .filter(file -> ((Map<?, ?>) file.getValue()).get("golden") != null)
                .flatMap(file -> TestDevices.backends()
                        .map(backend -> Arguments.of(file.getKey(),
                                ((Map<?, ?>) file.getValue()).get("golden"), backend)));
    }

    @ParameterizedTest
    @MethodSource("checkpoints")
    void matchesReference(String name, String golden, String backend) throws IOException {
        Path source = Goldens.copy("tiny/" + name, folder);
        Path file = folder.resolve("model.clip");
        Converter.convert(source, file, new ConvertOptions(Optional.empty(), Optional.empty(), Optional.empty()),
                ProgressListener.NONE);
        Goldens goldens = Goldens.tiny();
        String input = goldens.has(golden + "/input") ? golden : golden.substring(0, golden.indexOf('@'));
        try (ClipModel model = ClipModel.load(file, TestDevices.options(backend))) {
            int images = goldens.shape(input + "/input")[0];
            GoldenEmbeddings.assertRows(name + " image " + backend,
                    GoldenEmbeddings.images(model, GoldenEmbeddings.direct(goldens.floats(input + "/input")), images),
                    goldens, golden + "/image.f64", 1e-5);
            String tokens = goldens.has(golden + "/tokens") ? golden + "/tokens" : input + "/tokens";
            GoldenEmbeddings.assertRows(name + " text " + backend,
                    GoldenEmbeddings.texts(model, goldens.ints(tokens), goldens.shape(tokens)[0]), goldens,
                    golden + "/text.f64", 1e-5);
        }
    }
}
