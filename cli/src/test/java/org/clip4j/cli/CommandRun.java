package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.AbstractStringAssert;

/** One run of a command line within this process, and what came of it. */
record CommandRun(int exitCode, String out, String err) {

    static CommandRun of(String... args) {
        return withInput("", args);
    }

    static CommandRun withInput(String stdin, String... args) {
        return withInput(stdin.getBytes(StandardCharsets.UTF_8), args);
    }

    static CommandRun withInput(byte[] stdin, String... args) {
        return run(stdin, System.getenv(), args);
    }

    /** With other variables than those of this process. */
    static CommandRun withEnvironment(Map<String, String> environment, String... args) {
        return run(new byte[0], environment, args);
    }

    private static CommandRun run(byte[] stdin, Map<String, String> environment, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exitCode = ClipCommand.run(args, new ByteArrayInputStream(stdin), out, err, environment);
        return new CommandRun(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** The run was fine. */
    CommandRun succeeded() {
        assertThat(exitCode).as(err).isEqualTo(0);
        return this;
    }

    /** The run ended with exit code 2 and one clear line; the line can be looked at. */
    AbstractStringAssert<?> refused() {
        assertThat(exitCode).as(err).isEqualTo(2);
        assertThat(err.lines()).as("lines on stderr").hasSize(1);
        return assertThat(err).startsWith("clip: error: ").doesNotContain("Exception", "\tat ");
    }

    List<String> lines() {
        return out.lines().toList();
    }

    /** The standard output as one JSON object per line. */
    List<Map<String, Object>> jsonLines() {
        return out.lines().map(line -> TinyModels.object(Json.parse(line))).toList();
    }

    Map<String, Object> json() {
        return TinyModels.object(Json.parse(out));
    }
}
