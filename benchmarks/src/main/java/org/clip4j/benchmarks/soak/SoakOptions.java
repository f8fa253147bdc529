package org.clip4j.benchmarks.soak;

import java.nio.file.Path;
import java.util.Arrays;
import org.clip4j.benchmarks.ArgumentValues;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;

/**
 * What is measured.
 *
 * @param texts calls of a text of 8 tokens
 * @param images calls of an image whose pixels are ready
 * @param backend a backend of the processor, or auto
 * @param threads of a call, the caller's included
 * @param pinned whether all of them are bound to processors
 * @param json file for the results, or null
 */
record SoakOptions(int texts, int images, String backend, Precision precision, int threads, boolean pinned, Path json) {
    static final String USAGE = "usage: benchmarks/run soak [--quick] [--texts N] [--images N] [--backend NAME]"
            + " [--precision f32|bf16|int8] [--threads N] [--pin] [--json FILE]";

    private static final int TEXTS = 100_000;
    private static final int IMAGES = 10_000;
    /** So few that the 99.9th percentile is one of the two or three slowest: to try the program out. */
    private static final int QUICKER = 50;

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException when one makes no sense
     */
    static SoakOptions of(String[] args) {
        boolean quick = Arrays.asList(args).contains("--quick");
        boolean pinned = Arrays.asList(args).contains("--pin");
        SoakOptions options = new SoakOptions(quick ? TEXTS / QUICKER : TEXTS, quick ? IMAGES / QUICKER : IMAGES,
                Backends.AUTO, Precision.F32, 1, pinned, null);
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--quick") || args[i].equals("--pin")) {
                continue;
            }
            if (i + 1 == args.length) {
                throw new IllegalArgumentException("unknown argument, or one without a value: " + args[i]);
            }
            options = options.with(args[i], args[++i]);
        }
        return options;
    }

    private SoakOptions with(String name, String value) {
        return switch (name) {
            case "--texts" -> new SoakOptions(count(name, value, 0), images, backend, precision, threads, pinned, json);
            case "--images" -> new SoakOptions(texts, count(name, value, 0), backend, precision, threads, pinned, json);
            case "--backend" -> new SoakOptions(texts, images, value, precision, threads, pinned, json);
            case "--precision" -> new SoakOptions(texts, images, backend,
                    ArgumentValues.precision(name, value), threads, pinned, json);
            case "--threads" -> new SoakOptions(texts, images, backend, precision, count(name, value, 1), pinned, json);
            case "--json" -> new SoakOptions(texts, images, backend, precision, threads, pinned, Path.of(value));
            default -> throw new IllegalArgumentException("unknown argument: " + name);
        };
    }

    private static int count(String name, String value, int least) {
        return ArgumentValues.count(name, value, least, Integer.MAX_VALUE);
    }
}
