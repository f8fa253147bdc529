package org.clip4j.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static Settings parse(String arguments) {
        return Settings.parse(arguments.isEmpty() ? new String[0] : arguments.split(" "));
    }

    @Test
    void measuresAGeneratedModelWhenNoneIsNamed() {
        Settings settings = parse("");
        assertThat(settings.architectures()).containsExactly("ViT-B/32");
        assertThat(settings.devices()).containsExactly("cpu", "cuda");
        assertThat(settings.batches()).startsWith(1, 2).endsWith(1024);
    }

    @Test
    void takesFilesAndArchitectures() {
        Settings settings = parse("a.safetensors --synth ViT-L/14,RN50 b.safetensors --quick --budget 30 --json t.json"
                + " --devices cpu,cuda:1 --batches 16,1,16 --precisions f16 --threads 3");
        assertThat(settings.files()).containsExactly(Path.of("a.safetensors"), Path.of("b.safetensors"));
        assertThat(settings.architectures()).containsExactly("ViT-L/14", "RN50");
        assertThat(settings.devices()).containsExactly("cpu", "cuda:1");
        assertThat(settings.batches()).containsExactly(1, 16);
        assertThat(settings.precisions()).containsExactly("f16");
        assertThat(settings.threads()).isEqualTo(3);
        assertThat(settings.budgetSeconds()).isEqualTo(30);
        assertThat(settings.json()).contains(Path.of("t.json"));
    }

    @Test
    void knowsAllPublishedArchitectures() {
        assertThat(parse("--synth all").architectures()).hasSize(9).contains("ViT-L/14@336px");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--synth ViT-B/31", "--devices gpu", "--batches 0", "--batches 5000", "--precisions f64",
            "--threads", "--budget x", "--fast", "--batches 1,,2"})
    void refusesWhatMakesNoSense(String arguments) {
        assertThatThrownBy(() -> parse(arguments)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(arguments.split(" ", 2)[0]);
    }
}
