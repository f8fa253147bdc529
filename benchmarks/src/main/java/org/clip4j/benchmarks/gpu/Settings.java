package org.clip4j.benchmarks.gpu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.clip4j.converter.PublishedArchitectures;

/**
 * What is compared.
 *
 * @param files models
 * @param architectures models that are generated
 * @param devices as {@code LoadOptions} takes them, the processor included
 * @param precisions that are measured where a device offers them
 * @param batches ascending
 * @param threads of the processor; 0: all that are granted
 * @param seconds measured for each row
 * @param slowestRowSeconds a row that would take longer is left out
 * @param budgetSeconds for everything
 * @param json where to write all numbers
 */
record Settings(List<Path> files, List<String> architectures, List<String> devices, List<String> precisions,
        List<Integer> batches, int threads, double seconds, double slowestRowSeconds, double budgetSeconds,
        Optional<Path> json) {
    static final String USAGE = "usage: benchmarks/run gpu-vs-cpu [MODEL.safetensors...] [--synth NAME,...|all]"
            + " [--devices cpu,cuda] [--precisions f32,tf32,f16,bf16] [--batches 1,2,...] [--threads N] [--quick]"
            + " [--budget SECONDS] [--json FILE]";

    private static final List<String> PRECISIONS = List.of("f32", "tf32", "f16", "bf16");
    private static final List<Integer> BATCHES = List.of(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024);
    private static final List<Integer> QUICK_BATCHES = List.of(1, 4, 16, 64, 256);

    /** Longest list of batches and largest of them, as the runtime's sessions have it. */
    private static final int LARGEST_BATCH = 4096;

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException that says which one makes no sense
     */
    static Settings parse(String[] args) {
        List<Path> files = new ArrayList<>();
        List<String> architectures = new ArrayList<>();
        List<String> devices = List.of("cpu", "cuda");
        List<String> precisions = PRECISIONS;
        List<Integer> batches = null;
        int threads = 0;
        boolean quick = false;
        double budget = 0;
        Optional<Path> json = Optional.empty();
        for (int i = 0; i < args.length; i++) {
            String name = args[i];
            if (name.equals("--quick")) {
                quick = true;
            } else if (!name.startsWith("-")) {
                files.add(Path.of(name));
            } else {
                i++;
                String value = i < args.length ? args[i] : "";
                switch (name) {
                    case "--synth" -> architectures.addAll(architectures(value));
                    case "--devices" -> devices = list(name, value, "cpu|cuda(:[0-9]{1,2})?");
                    case "--precisions" -> precisions = list(name, value, "f32|tf32|f16|bf16|int8|fp8");
                    case "--batches" -> batches = list(name, value, "[1-9][0-9]{0,3}").stream().map(Integer::valueOf)
                            .sorted().distinct().toList();
                    case "--threads" -> threads = Integer.parseInt(matching(name, value, "[1-9][0-9]{0,2}"));
                    case "--budget" -> budget = Double.parseDouble(matching(name, value, "[1-9][0-9]{0,5}"));
                    case "--json" -> json = Optional.of(Path.of(matching(name, value, ".+")));
                    default -> throw new IllegalArgumentException("unknown argument: " + name);
                }
            }
        }
        if (files.isEmpty() && architectures.isEmpty()) {
            architectures.add("ViT-B/32");
        }
        if (batches == null) {
            batches = quick ? QUICK_BATCHES : BATCHES;
        }
        if (batches.get(batches.size() - 1) > LARGEST_BATCH) {
            throw new IllegalArgumentException("batch out of range: --batches " + batches + " expected=1.."
                    + LARGEST_BATCH);
        }
        return new Settings(files, architectures, devices, precisions, batches, threads, quick ? 0.4 : 2,
                quick ? 4 : 20, budget > 0 ? budget : quick ? 120 : 3600, json);
    }

    private static List<String> architectures(String value) {
        if (value.equals("all")) {
            return List.copyOf(PublishedArchitectures.names());
        }
        List<String> names = Arrays.asList(value.split(",", -1));
        for (String name : names) {
            if (!PublishedArchitectures.names().contains(name)) {
                throw new IllegalArgumentException("unknown architecture: --synth " + name + " expected one of all, "
                        + String.join(", ", PublishedArchitectures.names()));
            }
        }
        return names;
    }

    private static List<String> list(String name, String value, String form) {
        List<String> values = Arrays.asList(value.split(",", -1));
        values.forEach(each -> matching(name, each, form));
        return values;
    }

    private static String matching(String name, String value, String form) {
        if (!value.matches(form)) {
            throw new IllegalArgumentException("wrong value: " + name + " '" + value + "' expected " + form);
        }
        return value;
    }
}
