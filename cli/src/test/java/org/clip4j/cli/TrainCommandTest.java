package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
    /** A model that learns nothing in no time. */
    private static final String SMALL = """
                                        {"name": "small", "seed": 3, "batch": 4, "chunk": 4, "steps": 3, "warmup_steps": 1, "learning_rate": 1e-3,
                                         "checkpoint_every": 2, "dtype": "f16", "optimizer": {}, "vocabulary": {"captions": 100, "merges": 50},
                                         "model": {"embed_dim": 8,
                                          "vision": {"type": "transformer", "image_resolution": 16, "patch_size": 8, "width": 16, "layers": 1,
                                           "heads": 2, "mlp_width": 32, "activation": "quickgelu"},
                                          "text": {"context_length": 120, "width": 8, "layers": 1, "heads": 1, "mlp_width": 16,
                                           "activation": "quickgelu"},
                                          "preprocess": {"size": 16, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}}}
                                        """;

    @TempDir
    private Path folder;

    private String recipe(String text) throws IOException {
        return Files.writeString(folder.resolve("recipe.json"), text).toString();
    }

    private String out() {
        return folder.resolve("out").toString();
    }

    @Test
    void trainsAModelThatTheOtherCommandsTake() throws IOException {
        CommandRun run = CommandRun.of("train", "--recipe", recipe(SMALL), "--out", out(), "--threads", "2")
                .succeeded();
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("for 3 steps of 4 pairs, ", " with 2 threads, drawn seed=3 lessons=1",
                "step 3 of 3, loss ",
                "wrote ");
        String model = Path.of(out(), "model.safetensors").toString();
        assertThat(CommandRun.of("info", model, "--json").succeeded().json()).containsEntry("precision", "f16+f32");
        assertThat(CommandRun.of("embed", "--model", model, "--text", "a red circle").succeeded().lines()).hasSize(1);
        // What is trained to the end is not trained again.
        CommandRun again = CommandRun.of("train", "--recipe", recipe(SMALL), "--out", out(), "--threads", "2")
                .succeeded();
        assertThat(again.err()).doesNotContain("step 3").contains("wrote ");
    }

    @Test
    void refusesWhatCannotBeTrained() throws IOException {
        String small = recipe(SMALL);
        CommandRun.of("train", "--out", out(), "--lock-image").refused().contains("--init M");
        CommandRun.of("train", "--out", out(), "--recipe", small, "--data", folder.resolve("none").toString())
                .refused().contains("none");
        CommandRun.of("train", "--out", out(), "--recipe", small, "--data", "drawn", "more").refused()
                .contains("cannot be mixed");
        CommandRun.of("train", "--out", out(), "--recipe", small, "--steps", "0").refused().contains("field=steps");
        CommandRun.of("train", "--out", out(), "--recipe", recipe("{}")).refused().contains("recipe.json");
        CommandRun.of("train", "--out", out(), "--recipe", folder.toString()).refused().contains("--recipe");
        CommandRun.of("train", "--out", out(), "--recipe", recipe(SMALL), "--precision", "bf16").refused()
                .contains("--precision");
        CommandRun.of("train", "--recipe", small, "--out", small).refused().contains("--out");
        assertThat(Path.of(out(), "model.safetensors")).doesNotExist();
    }

    @Test
    void aCheckpointOfAnotherRecipeIsNotTouched() throws IOException {
        CommandRun.of("train", "--recipe", recipe(SMALL), "--out", out()).succeeded();
        byte[] checkpoint = Files.readAllBytes(Path.of(out(), "checkpoint.safetensors"));
        CommandRun run = CommandRun.of("train", "--recipe", recipe(SMALL), "--out", out(), "--seed", "4");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("clip: error: checkpoint belongs to another training",
                "expected seed=4 actual seed=3; give what that one was given, or train into another folder");
        assertThat(Files.readAllBytes(Path.of(out(), "checkpoint.safetensors"))).isEqualTo(checkpoint);
    }
}
