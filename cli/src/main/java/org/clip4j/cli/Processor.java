package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The processor, as far as it matters to the speed of a backend. */
final class Processor {
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");
    /** Names of Linux for what matrix products use, oldest first; x86 and then ARM. */
    private static final List<String> RELEVANT = List.of("sse4_2", "avx", "fma", "f16c", "avx2", "avx512f",
            "avx512_vnni",
            "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "bf16",
            "sve");

    private Processor() {}

    /** What its maker calls it, or the architecture where the system does not say. */
    static String name() {
        try (Stream<String> lines = Files.lines(CPUINFO)) {
            return lines.filter(line -> line.startsWith("model name")).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            // As below.
            return System.getProperty("os.arch");
        }
    }

    /** The architecture and, where the system says so, the instruction sets. */
    static String describe() {
        String architecture = System.getProperty("os.arch");
        try (Stream<String> lines = Files.lines(CPUINFO)) {
            Set<String> flags = new HashSet<>();
            lines.filter(line -> line.startsWith("flags") || line.startsWith("Features")).limit(1)
                    .forEach(line -> flags.addAll(List.of(line.split("\\s+", -1))));
            return String.join(" ",
                    Stream.concat(Stream.of(architecture), RELEVANT.stream().filter(flags::contains)).toList());
        } catch (IOException e) {
            // Other systems have other ways to ask; the architecture is what is known.
            return architecture;
        }
    }
}
