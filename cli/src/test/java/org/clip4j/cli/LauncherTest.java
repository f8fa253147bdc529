package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script in the root starts Java such that arguments, file names and both streams are UTF-8 in every locale. */
class LauncherTest {
    @TempDir
    private Path folder;

    /** A copy of the script beside what looks like a build; the only jar is a list of the tests' class path. */
    @BeforeEach
    void copyLauncher() throws Exception {
        assumeTrue(new File("/bin/bash").canExecute(), "the launcher is a bash script");
        Files.copy(Path.of("..", "clip"), folder.resolve("clip"));
        Path target = Files.createDirectories(folder.resolve("cli/target"));
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH,
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                        .map(entry -> Path.of(entry).toUri().toASCIIString()).collect(Collectors.joining(" ")));
        Path jar = Files.createDirectories(target.resolve("lib")).resolve("classpath.jar");
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();
        Files.createFile(target.resolve("clip.stamp"));
        // An empty archive of classes stands for one that could not be made.
        Path archives = Files.createDirectories(target.resolve("cds"));
        Files.createFile(archives.resolve(System.getProperty("java.version") + ".jsa"));
    }

    private CommandRun clip(String stdin, String... arguments) throws Exception {
        Path out = folder.resolve("stdout");
        Path err = folder.resolve("stderr");
        List<String> command = List.of(TinyModels.concat(List.of("/bin/bash", "./clip"), List.of(arguments)));
        // Bytes of arguments depend on this process's locale too: a script spells them out.
        Path script = folder.resolve("run");
        Files.writeString(script, command.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" ")));
        ProcessBuilder builder = new ProcessBuilder("/bin/bash", script.toString()).directory(folder.toFile())
                .redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(Map.of("LC_ALL", "POSIX", "LANG", "C", "JAVA_HOME",
                System.getProperty("java.home"), "CLIP4J_JAVA_OPTS", "-Xmx64m"));
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(stdin.getBytes(StandardCharsets.UTF_8));
        }
        return new CommandRun(process.waitFor(), Files.readString(out), Files.readString(err));
    }

    @Test
    void argumentsAndStreamsAreUtf8InThePosixLocale() throws Exception {
        String vocab = TinyModels.vocab(folder);
        String text = "caf\u00e9 \u201cna\u00efve\u201d \ud83d\ude80";
        CommandRun argument = clip("", "tokenize", "--vocab", vocab, "--no-ftfy", text).succeeded();
        assertThat(argument.json().get("text")).isEqualTo(text);
        assertThat(clip(text + "\n", "tokenize", "--vocab", vocab, "--no-ftfy", "--texts", "-").succeeded().out())
                .isEqualTo(argument.out())
                .isEqualTo(CommandRun.of("tokenize", "--vocab", vocab, "--no-ftfy", text).succeeded().out());
        clip("", "preprocess", "--size", "8", "--out", "out", "caf\u00e9.png").refused()
                .contains("caf\u00e9.png: file does not exist");
    }

    @Test
    void saysNothingOfItsOwn() throws Exception {
        CommandRun backends = clip("", "backends", "--json").succeeded();
        assertThat(backends.err()).isEmpty();
        assertThat(backends.out()).contains("\"openblas\"");
    }
}
