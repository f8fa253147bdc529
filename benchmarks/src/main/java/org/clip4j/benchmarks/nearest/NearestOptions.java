package org.clip4j.benchmarks.nearest;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.clip4j.kernels.DType;

/**
 * What is to be measured.
 *
 * @param device as in {@code --device}
 * @param backend its name
 * @param threads of one call on a CPU
 * @param rows N
 * @param width E
 * @param stored type of the rows
 * @param k nearest rows
 * @param batches numbers of queries
 * @param seconds that each line is measured for, roughly
 * @param copyGigabytes per second that the device copies, or 0 to measure it
 * @param matrixTeraflops that the device multiplies matrices with, or 0 to measure it
 * @param json file for the results, or null
 */
record NearestOptions(String device, String backend, int threads, int rows, int width, DType stored, int k,
        List<Integer> batches, double seconds, double copyGigabytes, double matrixTeraflops, Path json) {
    static final String USAGE = "usage: benchmarks/run nearest [--quick] [--device cpu|cuda[:N]] [--backend NAME]"
            + " [--threads N] [--rows N] [--width E] [--stored f32|f16|bf16] [--k K] [--batches Q,Q..]"
            + " [--seconds S] [--copy-gbs X] [--matrix-tflops X] [--json FILE]";

    boolean onCard() {
        return device.startsWith("cuda");
    }

    /** Bytes of all rows. */
    double bytes() {
        return (double) rows * width * stored.sizeBytes();
    }

    /**
     * Reads arguments.
     *
     * @throws IllegalArgumentException when one makes no sense
     */
    static NearestOptions of(String[] args) {
        boolean card = Arrays.stream(args).anyMatch(arg -> arg.startsWith("cuda"));
        boolean quick = Arrays.asList(args).contains("--quick");
        NearestOptions options = new NearestOptions("cpu", "auto", Runtime.getRuntime().availableProcessors(),
                rows(card, quick), 512, card ? DType.F16 : DType.F32, 10,
                card ? List.of(1, 8, 256) : List.of(1, 16, 256), quick ? 1 : 5, 0, 0,
                null);
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--quick")) {
                continue;
            }
            if (i + 1 == args.length) {
                throw new IllegalArgumentException("unknown argument, or one without a value: " + args[i]);
            }
            options = options.with(args[i], args[++i]);
        }
        return options;
    }

    private static int rows(boolean card, boolean quick) {
        if (card) {
            return quick ? 1_000_000 : 10_000_000;
        }
        return quick ? 100_000 : 1_000_000;
    }

    private NearestOptions with(String name, String value) {
        return switch (name) {
            case "--device" -> copy(value, backend, threads, rows, width, stored, k, batches);
            case "--backend" -> copy(device, value, threads, rows, width, stored, k, batches);
            case "--threads" -> copy(device, backend, number(value), rows, width, stored, k, batches);
            case "--rows" -> copy(device, backend, threads, number(value), width, stored, k, batches);
            case "--width" -> copy(device, backend, threads, rows, number(value), stored, k, batches);
            case "--stored" -> copy(device, backend, threads, rows, width,
                    DType.valueOf(value.toUpperCase(Locale.ROOT)), k, batches);
            case "--k" -> copy(device, backend, threads, rows, width, stored, number(value), batches);
            case "--batches" -> copy(device, backend, threads, rows, width, stored, k,
                    Arrays.stream(value.split(",")).map(NearestOptions::number).toList());
            case "--seconds" -> limits(Double.parseDouble(value), copyGigabytes, matrixTeraflops, json);
            case "--copy-gbs" -> limits(seconds, Double.parseDouble(value), matrixTeraflops, json);
            case "--matrix-tflops" -> limits(seconds, copyGigabytes, Double.parseDouble(value), json);
            case "--json" -> limits(seconds, copyGigabytes, matrixTeraflops, Path.of(value));
            default -> throw new IllegalArgumentException("unknown argument: " + name);
        };
    }

    private static int number(String value) {
        int number = Integer.parseInt(value.replace("_", ""));
        if (number < 1) {
            throw new IllegalArgumentException("must be at least 1: " + value);
        }
        return number;
    }

    private NearestOptions copy(String newDevice, String newBackend, int newThreads, int newRows, int newWidth,
            DType newStored, int newK, List<Integer> newBatches) {
        return new NearestOptions(newDevice, newBackend, newThreads, newRows, newWidth, newStored, newK, newBatches,
                seconds, copyGigabytes, matrixTeraflops, json);
    }

    private NearestOptions limits(double newSeconds, double newCopy, double newMatrix, Path newJson) {
        return new NearestOptions(device, backend, threads, rows, width, stored, k, batches, newSeconds, newCopy,
                newMatrix, newJson);
    }
}
