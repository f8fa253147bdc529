package org.clip4j.benchmarks.gpu;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * One device in one precision.
 *
 * @param device as {@code LoadOptions} takes it
 * @param precision label
 * @param backend how it came to be chosen, or why nothing was measured
 * @param rows ascending by batch
 */
record Column(String device, String precision, String backend, List<Row> rows) {
    boolean isProcessor() {
        return device.equals("cpu");
    }

    /** The highest rate of all batches; 0 when nothing was measured. */
    double bestItemsPerSecond() {
        return rows.stream().filter(Row::measured).mapToDouble(Row::itemsPerSecond).max().orElse(0);
    }

    /**
     * The rate at a batch, or, where it was not measured, at the largest smaller one that was: beyond it a processor gains
     * nothing.
     */
    double itemsPerSecond(int batch) {
        double rate = 0;
        for (Row row : rows) {
            if (row.batch() <= batch && row.measured()) {
                rate = row.itemsPerSecond();
            }
        }
        return rate;
    }

    /** The smallest measured batch from which on this column is faster than the fastest of some others. */
    OptionalInt crossover(List<Column> others) {
        OptionalInt from = OptionalInt.empty();
        for (Row row : rows) {
            if (!row.measured()) {
                continue;
            }
            double theirs = others.stream().mapToDouble(other -> other.itemsPerSecond(row.batch())).max().orElse(0);
            if (row.itemsPerSecond() <= theirs) {
                from = OptionalInt.empty();
            } else if (from.isEmpty()) {
                from = OptionalInt.of(row.batch());
            }
        }
        return from;
    }

    Map<String, Object> toJson(List<Column> processors) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("device", device);
        json.put("precision", precision);
        json.put("backend", backend);
        if (!isProcessor() && processors.stream().anyMatch(column -> column.bestItemsPerSecond() > 0)) {
            OptionalInt crossover = crossover(processors);
            json.put("crossover_batch", crossover.isPresent() ? crossover.getAsInt() : "never");
        }
        json.put("rows", rows.stream().map(Row::toJson).toList());
        return json;
    }
}
