package org.clip4j.training.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Map;
import org.clip4j.kernels.DType;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.VisionConfig;
import org.junit.jupiter.api.Test;

class RecipeTest {
    @Test
    void theDrawnRecipeIsInTheJar() throws IOException {
        Recipe recipe = Recipe.drawn();
        assertThat(recipe.name()).isEqualTo("drawn");
        assertThat(recipe.hyperparameters().batch()).isEqualTo(96);
        assertThat(recipe.hyperparameters().dtype()).isEqualTo(DType.F16);
        assertThat(recipe.config(978, 977).vision()).isInstanceOfSatisfying(VisionConfig.Transformer.class,
                vision -> assertThat(vision.grid()).isEqualTo(6));
    }

    @Test
    void aChangeIsInTheRecipeAndItsDigest() throws IOException {
        Recipe changed = Recipe.drawn().with(Map.of("steps", 7, "warmup_steps", 2));
        assertThat(changed.hyperparameters().learningRate().totalSteps()).isEqualTo(7);
        assertThat(changed.toJson()).contains("\"steps\":7");
        assertThat(changed.sha256()).isNotEqualTo(Recipe.drawn().sha256());
        assertThat(Recipe.parse("again", changed.toJson()).sha256()).isEqualTo(changed.sha256());
    }

    @Test
    void refusesWhatItDoesNotKnow() throws IOException {
        refuses(Map.of("stepz", 7), "field=stepz");
        refuses(Map.of("steps", 0), "field=steps expected=1.." + Integer.MAX_VALUE + " actual=0");
        refuses(Map.of("steps", 10), "the learning rate must rise and fall");
        refuses(Map.of("learning_rate", "fast"), "field=learning_rate expected=a number actual=fast");
        refuses(Map.of("dtype", "int8"), "field=dtype expected=f32, f16 or bf16 actual=int8");
        refuses(Map.of("model", Map.of()), "field=model.vision");
        assertThatThrownBy(() -> Recipe.parse("r.json", "[1]")).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("file=r.json");
    }

    private static void refuses(Map<String, Object> changes, String message) throws IOException {
        Recipe recipe = Recipe.drawn();
        assertThatThrownBy(() -> recipe.with(changes)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining(message).hasMessageContaining("file=drawn.json");
    }
}
