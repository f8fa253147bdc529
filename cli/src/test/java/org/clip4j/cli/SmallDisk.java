package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs a command line in a process that cannot write more than 100 KB to a file, which is what a full disk is to the program.
 * Native libraries must have been unpacked before. Stateless.
 */
final class SmallDisk {
    private SmallDisk() {}

    /** The run, with all that it printed as {@link CommandRun#err}; ends the test, with the reason, where there is no bash. */
    static CommandRun run(String... command) throws IOException, InterruptedException {
        assumeTrue(new File("/bin/bash").canExecute(), "needs bash to limit the size of files");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> limited = List.of("/bin/bash", "-c", "ulimit -f 100; exec \"$0\" -Xshare:auto -cp \"$@\"", java,
                System.getProperty("java.class.path"), "org.clip4j.cli.Clip");
        Process process = new ProcessBuilder(TinyModels.concat(limited, List.of(command))).redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new CommandRun(process.exitValue(), "", output);
    }

    /** Expects that it said what to do, and left no part of a file in a folder. */
    static void assertRefused(CommandRun run, Path folder) {
        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains("clip: error: cannot write", "free some space").doesNotContain("\tat ");
        assertThat(folder).isDirectoryNotContaining(file -> file.getFileName().toString().endsWith(".part"));
    }
}
