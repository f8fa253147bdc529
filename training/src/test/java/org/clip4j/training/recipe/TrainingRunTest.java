package org.clip4j.training.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.JavaBackendProvider;
import org.clip4j.openblas.OpenBlasBackendProvider;
import org.clip4j.training.Trainer;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.Sha256;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingRunTest {
    private static final Map<String, Object> VISION = Map.of("type", "transformer", "image_resolution", 16,
            "patch_size", 8, "width", 16, "layers", 1, "heads", 2, "mlp_width", 32, "activation", "gelu");
    private static final Map<String, Object> TEXT = Map.of("context_length", 120, "width", 8, "layers", 1, "heads", 1,
            "mlp_width", 16, "activation", "quickgelu");
    private static final Map<String, Object> PREPROCESS = Map.of("size", 16, "mean", List.of(0.5, 0.5, 0.5), "std",
            List.of(0.25, 0.25, 0.25));

    @TempDir
    private Path folder;

    private final CpuBackend backend = (CpuBackend) new OpenBlasBackendProvider()
            .open(new BackendOptions(2, Precision.F32));
    private Recipe recipe;

    @BeforeEach
    void makeRecipe() throws IOException {
        recipe = Recipe.drawn().with(Map.of("model",
                Map.of("embed_dim", 8, "vision", VISION, "text", TEXT, "preprocess", PREPROCESS), "vocabulary",
                Map.of("captions", 200, "merges", 60), "batch", 6, "chunk", 4, "steps", 4, "warmup_steps", 1,
                "checkpoint_every", 2));
    }

    @AfterEach
    void close() {
        backend.close();
    }

    private static TrainingRun.Task drawn() {
        return new TrainingRun.Task(List.of(), Optional.empty(), false, note -> {});
    }

    private Path train(Recipe chosen, TrainingRun.Task task, String name) throws IOException {
        Path out = Files.createDirectories(folder.resolve(name));
        try (TrainingRun run = new TrainingRun(backend, chosen, task)) {
            return run.run(out, "test", progress -> {});
        }
    }

    @Test
    void theModelFileHasVocabularyAndProvenance() throws IOException {
        Path model = train(recipe, drawn(), "a");
        try (ModelFile file = ModelFile.open(model)) {
            assertThat(file.bpeMerges()).isPresent();
            assertThat(file.config().text().eotToken()).isEqualTo(file.config().text().vocabSize() - 1);
            assertThat(file.source().file()).contains("recipe=drawn", "recipe_sha256=" + recipe.sha256(), "seed=1",
                    "steps=4", "data=drawn seed=1 lessons=1 code=test");
        }
        assertThat(Recipe.read(model.resolveSibling(TrainingRun.RECIPE)).sha256()).isEqualTo(recipe.sha256());
    }

    @Test
    void anInterruptedTrainingEndsInTheSameModel() throws IOException {
        byte[] straight = Files.readAllBytes(train(recipe, drawn(), "straight"));
        Path out = Files.createDirectories(folder.resolve("interrupted"));
        try (TrainingRun run = new TrainingRun(backend, recipe, drawn())) {
            assertThatThrownBy(() -> run.run(out, "test", progress -> {
                if (progress.step() == 3) {
                    throw new IllegalStateException("interrupted");
                }
            })).hasMessage("interrupted");
        }
        assertThat(out.resolve(TrainingRun.MODEL)).doesNotExist();
        assertThat(Files.readAllBytes(train(recipe, drawn(), "interrupted"))).isEqualTo(straight);
    }

    @Test
    void aCheckpointOfAnotherRecipeOrOtherDataIsRefused() throws IOException {
        train(recipe, drawn(), "a");
        assertThatThrownBy(() -> train(recipe.with(Map.of("seed", 2)), drawn(), "a"))
                .isInstanceOf(ModelFileException.class).hasMessageContaining("checkpoint belongs to another training")
                .hasMessageContaining("seed=2").hasMessageContaining("seed=1").hasMessageNotContaining("width");
        TrainingRun.Task pictures = new TrainingRun.Task(List.of(pictures()), Optional.empty(), false, note -> {});
        assertThatThrownBy(() -> train(recipe, pictures, "a")).isInstanceOf(ModelFileException.class);
    }

    @Test
    void trainsOnAFolderOfPictures() throws IOException {
        TrainingRun.Task task = new TrainingRun.Task(List.of(pictures()), Optional.empty(), false, note -> {});
        try (ModelFile file = ModelFile.open(train(recipe, task, "b"))) {
            assertThat(file.source().file()).contains("data=samples=8 sha256=");
        }
    }

    @Test
    void aLockedImageTowerStaysAsItWas() throws IOException {
        Path first = train(recipe, drawn(), "a");
        Path second = train(recipe, new TrainingRun.Task(List.of(pictures()), Optional.of(first), true, note -> {}),
                "b");
        try (ModelFile before = ModelFile.open(first); ModelFile after = ModelFile.open(second)) {
            assertThat(after.config()).isEqualTo(before.config());
            assertThat(after.bpeMerges()).isEqualTo(before.bpeMerges());
            assertThat(same(before, after, "visual.proj")).isTrue();
            assertThat(same(before, after, "visual.transformer.resblocks.0.mlp.c_fc.weight")).isTrue();
            assertThat(same(before, after, "text_projection")).isFalse();
        }
        assertThatThrownBy(() -> new TrainingRun.Task(List.of(), Optional.empty(), true, note -> {}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aCheckpointOfATrainingThatBeganWithAnotherModelOfThatNameIsRefused() throws IOException {
        Path init = Files.copy(train(recipe, drawn(), "a"), folder.resolve("init.safetensors"));
        TrainingRun.Task task = new TrainingRun.Task(List.of(), Optional.of(init), false, note -> {});
        Path trained = train(recipe, task, "b");
        String sha256 = Sha256.of(List.of(init));
        try (ModelFile file = ModelFile.open(trained)) {
            assertThat(file.source().file()).contains(" init=init.safetensors init_sha256=" + sha256 + " ");
        }
        Files.copy(trained, init, StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> train(recipe, task, "b")).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("actual init_sha256=" + sha256);
    }

    @Test
    void aCheckpointOfAnotherBackendIsRefused() throws IOException {
        train(recipe, drawn(), "a");
        try (CpuBackend java = (CpuBackend) new JavaBackendProvider().open(new BackendOptions(2, Precision.F32));
                TrainingRun run = new TrainingRun(java, recipe, drawn())) {
            assertThatThrownBy(() -> run.run(folder.resolve("a"), "test", progress -> {}))
                    .isInstanceOf(ModelFileException.class)
                    .hasMessageContaining(
                            "expected backend=java actual backend=openblas; give what that one was given");
        }
    }

    @Test
    void startsFromTheWeightsOfAModel() throws IOException {
        Path first = train(recipe, drawn(), "a");
        Recipe still = recipe.with(Map.of("learning_rate", 1e-30));
        Path second = train(still, new TrainingRun.Task(List.of(), Optional.of(first), false, note -> {}), "b");
        try (ModelFile before = ModelFile.open(first); ModelFile after = ModelFile.open(second)) {
            for (String name : List.of("visual.proj", "text_projection", "token_embedding.weight", "logit_scale")) {
                assertThat(same(before, after, name)).as(name).isTrue();
            }
        }
    }

    @Test
    void theLogHasALineForEachStep() throws IOException {
        train(recipe, drawn(), "a");
        assertThat(Files.readAllLines(folder.resolve("a").resolve(Trainer.LOG))).hasSize(4);
    }

    private static boolean same(ModelFile before, ModelFile after, String name) {
        Tensor a = before.tensor(name);
        Tensor b = after.tensor(name);
        for (int i = 0; i < a.elements(); i++) {
            if (a.get(i) != b.get(i)) {
                return false;
            }
        }
        return true;
    }

    private Path pictures() throws IOException {
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        for (int i = 0; i < 8; i++) {
            BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
            image.setRGB(i, i, 0xFFFFFF);
            ImageIO.write(image, "png", pictures.resolve(i + ".png").toFile());
            Files.writeString(pictures.resolve(i + ".txt"), "a white dot in column " + i);
        }
        return pictures;
    }
}
