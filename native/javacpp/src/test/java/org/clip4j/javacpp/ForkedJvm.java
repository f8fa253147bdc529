package org.clip4j.javacpp;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Starts another JVM on the tests' class path; what it prints is its answer. */
final class ForkedJvm {
    /** How a process ended, and all that it printed. */
    record Result(int exitCode, String output) {}

    private final Process process;

    private ForkedJvm(Process process) {
        this.process = process;
    }

    /** The tests' class path without the jars of a name's start for a platform. */
    static String classPathWithout(String start, String platform) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1)).filter(entry -> {
            String name = String.valueOf(Path.of(entry).getFileName());
            return !name.startsWith(start) || !name.contains(platform);
        }).collect(Collectors.joining(File.pathSeparator));
    }

    /**
     * Starts a class.
     *
     * @param prefix what stands before the JVM on the command line; may be empty
     * @param cache the folder for unpacked libraries
     */
    static ForkedJvm start(List<String> prefix, Path cache, String classPath, Class<?> main, String... options)
            throws IOException {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx64m", "-XX:+UseSerialGC"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath, main.getName()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(Map.of(NativeLibraries.CACHE_VARIABLE, cache.toString()));
        return new ForkedJvm(builder.start());
    }

    static ForkedJvm start(Path cache, Class<?> main, String... options) throws IOException {
        return start(List.of(), cache, System.getProperty("java.class.path"), main, options);
    }

    Result await() throws IOException, InterruptedException {
        try (InputStream printed = process.getInputStream()) {
            String output = new String(printed.readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output);
        }
    }
}
