package org.clip4j.benchmarks.head;

import org.clip4j.benchmarks.ArgumentValues;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;

/**
 * What is measured.
 *
 * @param classes at most 9,999
 * @param backend a backend of the processor, or auto
 */
record HeadOptions(int classes, int threads, String backend, Precision precision) {
    static final String USAGE = "usage: benchmarks/run head [--classes N] [--threads N] [--backend NAME]"
            + " [--precision f32|bf16|int8]";

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException when one makes no sense
     */
    static HeadOptions of(String[] args) {
        HeadOptions options = new HeadOptions(1000, 2, Backends.AUTO, Precision.BF16);
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length) {
                throw new IllegalArgumentException("unknown argument, or one without a value: " + args[i]);
            }
            options = options.with(args[i], args[i + 1]);
        }
        return options;
    }

    private HeadOptions with(String name, String value) {
        return switch (name) {
            case "--classes" ->
                new HeadOptions(ArgumentValues.count(name, value, 1, 9999), threads, backend, precision);
            case "--threads" -> new HeadOptions(classes, ArgumentValues.count(name, value, 1, 999), backend, precision);
            case "--backend" -> new HeadOptions(classes, threads, value, precision);
            case "--precision" ->
                new HeadOptions(classes, threads, backend, ArgumentValues.precision(name, value));
            default -> throw new IllegalArgumentException("unknown argument: " + name);
        };
    }
}
