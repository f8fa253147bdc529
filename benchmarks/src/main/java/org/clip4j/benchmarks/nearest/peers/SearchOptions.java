package org.clip4j.benchmarks.nearest.peers;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What is to be measured.
 *
 * @param rows N
 * @param width E
 * @param k nearest rows
 * @param candidates that an approximate search takes out of its graph: a line for each number
 * @param threads of our own searches; one thread, too, has its lines
 * @param seconds that each line is measured for, roughly
 * @param json file for the results, or null
 */
record SearchOptions(int rows, int width, int k, List<Integer> candidates, int threads, double seconds, Path json) {
    static final String USAGE = "usage: benchmarks/run nearest --peers [--quick] [--rows N] [--width E] [--k K]"
            + " [--candidates C,C..] [--threads N] [--seconds S] [--json FILE]";

    SearchOptions {
        if (rows < 1 || width < 1 || k < 1 || threads < 1 || candidates.stream().anyMatch(c -> c < k)) {
            throw new IllegalArgumentException("numbers must be at least 1, and candidates at least k: rows=" + rows
                    + " width=" + width + " k=" + k + " candidates=" + candidates + " threads=" + threads);
        }
    }

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException when one makes no sense
     */
    static SearchOptions of(String... args) {
        boolean quick = Arrays.asList(args).contains("--quick");
        SearchOptions options = new SearchOptions(quick ? 10_000 : 50_000, 512, 10, List.of(10, 100),
                Runtime.getRuntime().availableProcessors(), quick ? 1 : 5, null);
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--quick") || args[i].equals("--peers")) {
                continue;
            }
            if (i + 1 == args.length) {
                throw new IllegalArgumentException("unknown argument, or one without a value: " + args[i]);
            }
            options = options.with(args[i], args[++i]);
        }
        return options;
    }

    private SearchOptions with(String name, String value) {
        return switch (name) {
            case "--rows" -> new SearchOptions(number(value), width, k, candidates, threads, seconds, json);
            case "--width" -> new SearchOptions(rows, number(value), k, candidates, threads, seconds, json);
            case "--k" -> new SearchOptions(rows, width, number(value), candidates, threads, seconds, json);
            case "--candidates" -> new SearchOptions(rows, width, k,
                    Arrays.stream(value.split(",")).map(SearchOptions::number).toList(), threads, seconds, json);
            case "--threads" -> new SearchOptions(rows, width, k, candidates, number(value), seconds, json);
            case "--seconds" -> new SearchOptions(rows, width, k, candidates, threads, Double.parseDouble(value), json);
            case "--json" -> new SearchOptions(rows, width, k, candidates, threads, seconds, Path.of(value));
            default -> throw new IllegalArgumentException("unknown argument: " + name);
        };
    }

    private static int number(String value) {
        return Integer.parseInt(value.replace("_", ""));
    }
}
