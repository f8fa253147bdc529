package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clip4j.training.recipe.Recipe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command works without {@code --model}, and says which model it uses then. */
class ModelChoiceTest {
    @TempDir
    private Path folder;

    private static void saysSo(CommandRun run, String remedy) {
        assertThat(run.succeeded().err().lines()).singleElement().asString()
                .startsWith("clip: using the embedded model")
                .contains("not photos").contains(remedy);
    }

    @Test
    void theEmbeddedModelAnswersWhenNoneIsNamed() throws Exception {
        String image = TinyModels.image(folder, "red.bmp", 214, 38, 38);
        String out = folder.resolve("out").toString();
        saysSo(CommandRun.of("embed", "--text", "a red circle", "--image", image), "--model FILE");
        saysSo(CommandRun.of("similarity", "--image", image, "--text", "a red circle"), "--model FILE");
        saysSo(CommandRun.of("classify", "--labels", "red circle,blue star", image), "--model FILE");
        saysSo(CommandRun.of("rank", "--text", "a red circle", image), "--model FILE");
        saysSo(CommandRun.of("tokenize", "a red circle"), "--vocab FILE");
        saysSo(CommandRun.of("preprocess", "--out", out, image), "--size N");
        saysSo(CommandRun.of("info"), "clip info FILE");
        assertThat(CommandRun.of("info", "--json").json().get("file")).isEqualTo("embedded:drawn.safetensors");
    }

    @Test
    void theEmbeddedModelSaysWhichRecipeMadeIt() throws Exception {
        Recipe last = Recipe.read(Path.of("..", "training", "recipes", "drawn-colours.json"));
        assertThat(CommandRun.of("info").out()).contains("recipe_sha256=" + last.sha256(), "data=drawn seed=1");
    }

    @Test
    void nothingIsSaidWhenAModelIsNamed() {
        String model = TinyModels.vit(folder);
        assertThat(CommandRun.of("embed", "--model", model, "--text", "the cat").succeeded().err()).isEmpty();
        assertThat(CommandRun.of("tokenize", "--vocab", TinyModels.vocab(folder), "the cat").succeeded().err())
                .isEmpty();
    }

    @Test
    void aTextThatIsTooLongForTheEmbeddedModelIsRefusedWithARemedy() {
        CommandRun run = CommandRun.of("embed", "--text", "red circle ".repeat(60));
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("limit=48").contains("--truncate");
    }

    @Test
    void everyPictureOfTheDemoFitsItsOwnCaptionBest() {
        CommandRun run = CommandRun.of("demo", "--json", "--out", folder.resolve("demo.png").toString());
        saysSo(run, "--model FILE");
        Map<String, Object> result = run.json();
        assertThat(List.of(result.get("rows_won"), result.get("columns_won"))).isEqualTo(List.of(8, 8));
    }
}
