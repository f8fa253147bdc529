package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clip4j.kernels.PinningOrder;
import org.clip4j.kernels.ThreadAffinity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Help, version, completion, and the commands that only show something. */
class ClipCommandTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"demo", "convert", "synth", "info", "tokenize", "preprocess", "embed", "similarity",
            "classify",
            "rank", "draw", "backends", "bench"})
    void everyCommandHasHelp(String command) {
        CommandRun help = CommandRun.of(command, "--help").succeeded();
        assertThat(help.out()).contains("Usage:").contains("clip " + command).contains("--threads");
        assertThat(help.err()).isEmpty();
        assertThat(CommandRun.of("help", command).succeeded().out()).isEqualTo(help.out());
        assertThat(CommandRun.of("--help").succeeded().out()).contains("\n  " + command + " ");
        assertThat(CommandRun.of(command, "--version").succeeded().out()).startsWith("clip4j ");
    }

    @Test
    void saysItsVersion() {
        assertThat(CommandRun.of("--version").succeeded().out()).startsWith("clip4j ").hasLineCount(1);
    }

    @Test
    void writesACompletionScript() {
        assertThat(CommandRun.of("generate-completion").succeeded().out()).startsWith("#!/usr/bin/env bash")
                .contains("tokenize").contains("--backend");
    }

    @Test
    void refusesWrongUse() {
        CommandRun.of().refused().contains("Missing command").contains("embed");
        CommandRun.of("embd").refused().contains("embd").contains("embed");
        CommandRun.of("embed", "--modle", "x").refused();
        CommandRun.of("embed", "--model", "x").refused().contains("Nothing to embed");
        CommandRun.of("info", "a", "b").refused().contains("'b'");
        CommandRun.of("help", "nope").refused().contains("'nope'; see").doesNotContain(".;");
        CommandRun.of("tokenize", "--vocab").refused().doesNotContain("Error:");
    }

    @Test
    void infoShowsEverythingAboutAModel() {
        String model = TinyModels.vit(folder);
        Map<String, Object> info = CommandRun.of("info", model, "--json").succeeded().json();
        assertThat(info.get("embed_dim")).isEqualTo(TinyModels.EMBED_DIM);
        assertThat(TinyModels.object(info.get("vision")).get("type")).isEqualTo("transformer");
        assertThat(TinyModels.object(info.get("vision")).get("activation")).isEqualTo("quickgelu");
        assertThat(TinyModels.object(info.get("text")).get("context_length")).isEqualTo(TinyModels.CONTEXT_LENGTH);
        assertThat(TinyModels.object(info.get("tokenizer")).get("vocabulary")).isEqualTo(true);
        assertThat(TinyModels.object(info.get("source")).get("file")).isEqualTo("state_dict_vit_f32.pt");
        assertThat(CommandRun.of("info", model).succeeded().out()).contains("vision patch size").contains("sha256")
                .contains("preprocess mean").contains("f32");
        CommandRun.of("info", "none.safetensors").refused().contains("none.safetensors");
    }

    @Test
    void backendsShowsWhichOneAutoTakes() {
        Map<String, Object> result = CommandRun.of("backends", "--json", "--threads", "3").succeeded().json();
        List<Object> backends = TinyModels.list(result.get("backends"));
        assertThat(backends).extracting(backend -> TinyModels.object(backend).get("name")).contains("openblas",
                "java", "reference");
        assertThat(backends).filteredOn(backend -> Boolean.TRUE.equals(TinyModels.object(backend).get("auto")))
                .hasSize(1);
        assertThat(backends).allSatisfy(
                backend -> assertThat(TinyModels.object(backend).get("threads")).isEqualTo(3));
        assertThat(CommandRun.of("backends").succeeded().lines()).hasSize(7 + backends.size())
                .anyMatch(line -> line.startsWith("*"))
                .anyMatch(line -> line.startsWith("processor: " + System.getProperty("os.arch")));
    }

    @Test
    void backendsShowsWhatIsInForce() {
        Map<String, Object> inForce = TinyModels
                .object(CommandRun.of("backends", "--json", "--threads", "1").succeeded().json().get("in_force"));
        assertThat(inForce).containsEntry("threads", 1).containsEntry("library_threads", 1)
                .containsEntry("pinned", false).containsEntry("pinned_processors", List.of())
                .containsKeys("max_isa", "huge_pages", "resizer");
        assertThat(TinyModels.list(inForce.get("decoders"))).last().isEqualTo("jdk");
        assertThat(CommandRun.of("backends").succeeded().lines())
                .anyMatch(line -> line.startsWith("pinned: no; ")).anyMatch(line -> line.startsWith("huge pages: "))
                .anyMatch(line -> line.startsWith("images: decoded by ") && line.contains("; resized by "))
                .anyMatch(line -> line.startsWith("instruction sets: "));
    }

    @Test
    void pinsItsThreadsOrSaysWhyNot() throws IOException {
        String before = ownProcessors();
        CommandRun backends = CommandRun.of("backends", "--pin", "--threads", "1");
        if (ThreadAffinity.find().obstacle().isPresent()) {
            assertThat(backends.exitCode()).isEqualTo(1);
            assertThat(backends.err()).contains("threads cannot be pinned here: ");
            return;
        }
        int first = PinningOrder.granted()[0];
        assertThat(backends.succeeded().lines()).contains("pinned: each thread to a processor: " + first);
        List<String> whilePrinting = new ArrayList<>();
        try (OutputStream out = new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                whilePrinting.add(ownProcessors());
            }
        }) {
            ClipCommand.run(new String[]{"embed", "--pin", "--threads", "1", "--text", "a red circle"},
                    new ByteArrayInputStream(new byte[0]), out, new ByteArrayOutputStream());
        }
        assertThat(Set.copyOf(whilePrinting)).containsExactly(String.valueOf(first));
        assertThat(ownProcessors()).as("afterwards").isEqualTo(before);
        int tooMany = PinningOrder.granted().length + 1;
        CommandRun refused = CommandRun.of("embed", "--pin", "--threads", String.valueOf(tooMany), "--text", "a");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err()).contains("threads=" + tooMany, "fewer threads");
        CommandRun.of("train", "--pin", "--out", folder.resolve("run").toString()).refused().contains("--pin");
    }

    /** Those that the calling thread may run on, where the system says so. */
    private static String ownProcessors() throws IOException {
        Path status = Path.of("/proc/thread-self/status");
        return Files.exists(status)
                ? Files.readString(status).lines().filter(line -> line.startsWith("Cpus_allowed_list:")).findFirst()
                        .orElse("").replaceAll(".*\\s", "")
                : "";
    }

    @Test
    void synthSaysWhatItWrote() {
        String out = folder.resolve("rn50.safetensors").toString();
        CommandRun.of("synth", "RN50", out, "--seed", "x", "--vocab", TinyModels.vocab(folder)).refused()
                .contains("vocabulary does not fit");
        assertThat(Path.of(out)).doesNotExist();
    }

    @Test
    void endsQuietlyWhenNobodyReads() throws IOException {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (OutputStream closed = new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                throw new IOException("Broken pipe");
            }
        }) {
            int exitCode = ClipCommand.run(new String[]{"tokenize", "--vocab", TinyModels.vocab(folder), "a", "b"},
                    new ByteArrayInputStream(new byte[0]), closed, err);
            assertThat(exitCode).isEqualTo(1);
        }
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("standard output").hasLineCount(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"help", "--help", "--version", "generate-completion"})
    void failsWhenHelpCannotBePrinted(String command) throws IOException {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (OutputStream full = new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                throw new IOException("No space left on device");
            }
        }) {
            assertThat(ClipCommand.run(new String[]{command}, new ByteArrayInputStream(new byte[0]), full, err))
                    .isEqualTo(1);
        }
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("standard output").hasLineCount(1);
    }

    @Test
    void saysWhatToDoWithoutThreads() {
        assertThat(ExitCodes.message(new OutOfMemoryError("unable to create native thread: possibly out of memory")))
                .contains("--threads").doesNotContain("Xmx");
    }

    @Test
    void tablesAlignWideCharacters() {
        assertThat(Table.width("abc")).isEqualTo(3);
        assertThat(Table.width("\u732b")).isEqualTo(2);
        assertThat(Table.width("\ud83d\udc31")).isEqualTo(2);
        assertThat(Table.width("e\u0301")).isEqualTo(1);
        assertThat(Console.brief("a\u001b[31mb\n")).isEqualTo("a [31mb ");
    }
}
