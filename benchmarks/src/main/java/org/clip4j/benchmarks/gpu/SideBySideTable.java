package org.clip4j.benchmarks.gpu;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import java.util.function.Function;
import org.clip4j.benchmarks.Circumstances;

/** All sections, as text for people and as JSON. Stateless. */
final class SideBySideTable {
    private static final String LABEL = "%-22s";
    private static final String CELL = " %12s";

    private SideBySideTable() {}

    static String text(Circumstances circumstances, List<Device> devices, List<Section> sections) {
        StringBuilder text = new StringBuilder(circumstances.text());
        for (Device device : devices) {
            text.append(String.format("%-8s %s%s%n", device.name(), device.usable() ? "" : "not used: ",
                    device.detail()));
        }
        text.append(String.format("%nTimes of a call with data on the host, normalised embeddings back. Crossover: the"
                + " batch from which on a column is faster than the fastest one of the processor.%n"
                + "slow: the row would take too long; no time: the budget is spent; memory: of the host, for the input.%n"));
        for (Section section : sections) {
            append(text, section);
        }
        return text.toString();
    }

    private static void append(StringBuilder text, Section section) {
        List<Column> columns = section.columns();
        List<Column> processors = section.processors();
        text.append(String.format("%n" + LABEL, section.model() + " " + section.input()));
        columns.forEach(column -> text.append(String.format(CELL, column.device() + " " + column.precision())));
        text.append(String.format("%n"));
        line(text, "p50 ms, batch 1", columns, column -> ofBatchOne(column, Row::p50Millis));
        line(text, "p99 ms, batch 1", columns, column -> ofBatchOne(column, Row::p99Millis));
        line(text, "heap bytes, batch 1", columns, column -> ofBatchOne(column, Row::bytesPerCall));
        TreeSet<Integer> batches = new TreeSet<>();
        columns.forEach(column -> column.rows().forEach(row -> batches.add(row.batch())));
        for (int batch : batches) {
            line(text, "items/s, batch " + batch, columns, column -> ofBatch(column, batch));
        }
        line(text, "crossover batch", columns, column -> crossover(column, processors));
        line(text, "joules/item, best", columns, SideBySideTable::joules);
        for (Column column : columns) {
            notes(text, column);
        }
    }

    private static void line(StringBuilder text, String label, List<Column> columns, Function<Column, String> cell) {
        text.append(String.format(LABEL, label));
        columns.forEach(column -> text.append(String.format(CELL, cell.apply(column))));
        text.append(String.format("%n"));
    }

    private static String ofBatchOne(Column column, Function<Row, Double> value) {
        return column.rows().stream().filter(row -> row.batch() == 1 && row.measured()).findFirst()
                .map(row -> number(value.apply(row))).orElse("-");
    }

    private static String ofBatch(Column column, int batch) {
        return column.rows().stream().filter(row -> row.batch() == batch).findFirst()
                .map(row -> row.measured() ? number(row.itemsPerSecond()) : word(row.missing())).orElse("-");
    }

    /** The first word of a reason; all of it stands below the columns. */
    private static String word(String reason) {
        int colon = reason.indexOf(':');
        return colon < 0 ? reason : reason.substring(0, colon);
    }

    private static String crossover(Column column, List<Column> processors) {
        if (column.isProcessor() || column.bestItemsPerSecond() == 0
                || processors.stream().allMatch(processor -> processor.bestItemsPerSecond() == 0)) {
            return "-";
        }
        OptionalInt batch = column.crossover(processors);
        return batch.isPresent() ? Integer.toString(batch.getAsInt()) : "never";
    }

    /** At the batch with the highest rate among those with a reported power. */
    private static String joules(Column column) {
        Row best = null;
        for (Row row : column.rows()) {
            if (row.measured() && !Double.isNaN(row.joulesPerItem())
                    && (best == null || row.itemsPerSecond() > best.itemsPerSecond())) {
                best = row;
            }
        }
        return best == null ? "not reported" : number(best.joulesPerItem());
    }

    private static void notes(StringBuilder text, Column column) {
        String name = column.device() + " " + column.precision();
        if (column.rows().isEmpty()) {
            text.append(String.format("  %s: %s%n", name, column.backend()));
        }
        for (Row row : column.rows()) {
            if (row.missing().indexOf(':') >= 0) {
                text.append(String.format("  %s, batch %d: %s%n", name, row.batch(), row.missing()));
            }
        }
    }

    /** Three digits that count, at least. */
    private static String number(double value) {
        int decimals = value >= 100 || value == 0 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 4;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    static String json(Circumstances circumstances, List<Device> devices, List<Section> sections) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>(circumstances.toJson());
        json.put("devices", devices.stream().map(Device::toJson).toList());
        json.put("sections", sections.stream().map(Section::toJson).toList());
        return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json) + "\n";
    }
}
