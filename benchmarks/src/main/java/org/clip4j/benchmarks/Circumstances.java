package org.clip4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where and how a comparison was measured.
 *
 * @param cpu model name
 * @param cores granted to the process
 * @param jdk vendor's version
 * @param peer name and version
 * @param commit of the code measured
 * @param command that measured
 */
public record Circumstances(String cpu, int cores, String jdk, String peer, String commit, String command) {
    /** Of this process; commit and command are told by {@code benchmarks/run}. */
    public static Circumstances here(String peer) {
        return new Circumstances(cpuName(), Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.runtime.version"), peer,
                System.getProperty("clip4j.benchmarks.commit", "unknown"),
                System.getProperty("clip4j.benchmarks.command", "unknown"));
    }

    private static String cpuName() {
        Path info = Path.of("/proc/cpuinfo");
        if (Files.isReadable(info)) {
            try (Stream<String> lines = Files.lines(info)) {
                return lines.filter(line -> line.startsWith("model name")).findFirst()
                        .map(line -> line.substring(line.indexOf(':') + 1).strip())
                        .orElse(System.getProperty("os.arch"));
            } catch (IOException e) {
                System.err.println("the processor's name cannot be read: " + e.getMessage());
            }
        }
        return System.getProperty("os.arch");
    }

    /** Names and values, in the order in which they are shown. */
    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("cpu", cpu);
        json.put("cores", cores);
        json.put("jdk", jdk);
        json.put("peer", peer);
        json.put("commit", commit);
        json.put("command", command);
        return json;
    }

    /** A line for each. */
    public String text() {
        StringBuilder text = new StringBuilder();
        toJson().forEach((name, value) -> text.append(String.format("%-8s %s%n", name, value)));
        return text.toString();
    }
}
