package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackCommandTest {
    @TempDir
    private Path folder;
    private String model;

    @BeforeEach
    void makeModel() {
        model = TinyModels.vit(folder);
    }

    private CommandRun embed() {
        return CommandRun.of("embed", "--model", model, "--backend", "onednn", "--precision", "int8", "--text",
                "the cat").succeeded();
    }

    private CommandRun pack(String... options) {
        return CommandRun.of(TinyModels.concat(List.of("pack", model, "--backend", "onednn"),
                List.of(options)));
    }

    @Test
    void laterCommandsMapWhatWasPacked() throws IOException {
        String expected = embed().out();
        CommandRun run = pack("--precision", "int8").succeeded();
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("clip: wrote " + model + ".onednn").contains("-int8-", " MB");
        CommandRun packed = embed();
        assertThat(packed.out()).isEqualTo(expected);
        assertThat(packed.err()).isEmpty();

        Files.setLastModifiedTime(Path.of(model), FileTime.fromMillis(System.currentTimeMillis() + 60_000));
        CommandRun stale = embed();
        assertThat(stale.out()).isEqualTo(expected);
        assertThat(stale.err()).contains("older than their model", "run clip pack again");
    }

    @Test
    void jsonNamesTheFile() throws IOException {
        Map<String, Object> json = pack("--json").succeeded().json();
        Path file = Path.of((String) json.get("file"));
        assertThat(json).containsEntry("bytes", (int) Files.size(file));
        assertThat(file.getFileName().toString()).contains("-f32-");
    }

    @Test
    void whatCannotBePackedIsSaidInOneLine() {
        CommandRun plain = CommandRun.of("pack", model, "--backend", "openblas");
        assertThat(plain.exitCode()).isEqualTo(ExitCodes.FAILURE);
        assertThat(plain.err()).hasLineCount(1).contains("has nothing to pack in precision f32");
        CommandRun.of("pack", folder.resolve("none.safetensors").toString()).refused().contains("none.safetensors");
        pack("--precision", "f16").refused().contains("f16");
    }
}
