package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.clip4j.image.ImageDecoder;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.PinningOrder;
import org.clip4j.kernels.PlaneResampler;
import org.clip4j.kernels.PlaneResamplerProvider;
import org.clip4j.kernels.ThreadAffinity;

/** What the speed of backends depends on beside themselves: threads, memory, instruction sets, the way of an image. */
final class InForce {
    private static final Path HUGE_PAGES = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
    /** Of module simd: a property of Java, and without it a variable. */
    private static final String MAX_ISA_PROPERTY = "clip4j.maxIsa";
    private static final List<String> MAX_ISA_VARIABLES = List.of("CLIP4J_MAX_ISA", "ONEDNN_MAX_CPU_ISA");

    private final BackendChoice choice;

    InForce(BackendChoice choice) {
        this.choice = choice;
    }

    /** Names and lines for people, in the order in which they are shown. */
    Map<String, String> lines() {
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("processor", Processor.describe());
        lines.put("instruction sets", limits().isEmpty()
                ? "all that the processor has; " + String.join(" and ", MAX_ISA_VARIABLES) + " would limit them"
                : "limited by " + limits().entrySet().stream().map(limit -> limit.getKey() + "=" + limit.getValue())
                        .collect(Collectors.joining(", ")));
        lines.put("threads", choice.threads() + ", the caller's own included; libraries compute on the thread that"
                + " calls them, and start none");
        lines.put("pinned", pinned());
        lines.put("huge pages", hugePages().map(InForce::explained).orElse("the system does not say"));
        lines.put("images", "decoded by " + String.join(", then ", ImageDecoder.create().codecDescriptions())
                + "; resized by " + resampler());
        return lines;
    }

    /** The same for programs. */
    Map<String, Object> toJson() {
        return Json.object("max_isa", limits(), "threads", choice.threads(), "library_threads", 1, "pinned",
                choice.pinned(), "pinned_processors", choice.pinned() ? processors() : List.of(), "pinning",
                ThreadAffinity.find().obstacle().orElse("possible"), "huge_pages", hugePages().orElse("unknown"),
                "decoders",
                ImageDecoder.create().codecDescriptions(), "resizer", resampler());
    }

    private static Map<String, String> limits() {
        Map<String, String> limits = new LinkedHashMap<>();
        for (String variable : MAX_ISA_VARIABLES) {
            String value = System.getenv(variable);
            if (value != null && !value.isEmpty()) {
                limits.put(variable, value);
            }
        }
        String property = System.getProperty(MAX_ISA_PROPERTY);
        if (property != null && !property.isEmpty()) {
            limits.remove(MAX_ISA_VARIABLES.get(0));
            limits.put(MAX_ISA_PROPERTY, property);
        }
        return limits;
    }

    /**
     * The processor of each thread.
     *
     * @throws BackendException when they cannot be pinned
     */
    private List<Integer> processors() {
        return Arrays.stream(PinningOrder.forThreads(choice.threads())).boxed().toList();
    }

    private String pinned() {
        if (choice.pinned()) {
            return "each thread to a processor: " + processors().stream().map(String::valueOf)
                    .collect(Collectors.joining(","));
        }
        return "no; " + ThreadAffinity.find().obstacle().map(obstacle -> "impossible: " + obstacle)
                .orElse("--pin binds each thread to a processor");
    }

    /** The word that Linux puts in brackets. */
    private static Optional<String> hugePages() {
        try {
            String words = Files.readString(HUGE_PAGES);
            return Optional.of(words.substring(words.indexOf('[') + 1, words.indexOf(']')));
        } catch (IOException | IndexOutOfBoundsException e) {
            // Other systems have no such file.
            return Optional.empty();
        }
    }

    private static String explained(String granted) {
        return granted + switch (granted) {
            case "never" -> " granted";
            case "madvise" -> ": to who asks, as backend simd does for large blocks";
            default -> "";
        };
    }

    private static String resampler() {
        Optional<PlaneResampler> fastest = PlaneResamplerProvider.openFastest(1,
                new float[3 * PlaneResamplerProvider.LEVELS]);
        if (fastest.isEmpty()) {
            return "Java";
        }
        try (PlaneResampler resampler = fastest.get()) {
            return resampler.description();
        }
    }
}
