package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.clip4j.embedded.EmbeddedModel;
import org.clip4j.training.recipe.Recipe;
import org.clip4j.weights.ModelFile;
import org.junit.jupiter.api.Test;

class EmbeddedRecipeTest {
    private static final Path LAST_RECIPE = Path.of("..", "training", "recipes", "drawn-colours.json");

    /** The embedded model is what {@code clip train} makes of the recipes in the repository, not of older ones. */
    @Test
    void theEmbeddedModelWasMadeByTheRecipes() throws IOException {
        Recipe recipe = Recipe.read(LAST_RECIPE);
        try (ModelFile model = EmbeddedModel.open()) {
            assertThat(model.source().file()).contains("recipe=drawn-colours ",
                    "recipe_sha256=" + recipe.sha256() + " ",
                    "steps=" + recipe.hyperparameters().learningRate().totalSteps() + " ", "code=");
        }
    }
}
