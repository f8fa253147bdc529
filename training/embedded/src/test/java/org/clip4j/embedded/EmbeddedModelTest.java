package org.clip4j.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.LoadOptions;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelFileException;
import org.junit.jupiter.api.Test;

/** What the artifact gives to a program. */
class EmbeddedModelTest {
    private static final int MAX_BYTES = 8_000_000;

    @Test
    void theModelIsSoundAndSmallAndTakesTexts() throws IOException {
        try (ModelFile model = EmbeddedModel.open()) {
            model.checkFinite();
            assertThat(model.sizeBytes()).isLessThanOrEqualTo(MAX_BYTES);
            assertThat(model.precision()).startsWith("f16");
            assertThat(model.bpeMerges()).isPresent();
            assertThat(model.name()).isEqualTo(EmbeddedModel.NAME);
        }
    }

    @Test
    void theModelRuns() throws IOException {
        try (ClipModel model = EmbeddedModel.load(LoadOptions.defaults())) {
            assertThat(model.embed("a red circle")).hasSize(model.embedDim()).isNotEqualTo(model.embed("a blue star"));
        }
    }

    @Test
    void aBuildWithoutTheModelSaysSo() {
        assertThatThrownBy(() -> EmbeddedModel.open("none.safetensors")).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("no embedded model").hasMessageContaining("none.safetensors");
    }
}
