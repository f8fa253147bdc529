package org.clip4j.benchmarks.gpu;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One tower with one kind of input on all devices.
 *
 * @param model name
 * @param input {@code image}, or {@code text} and the number of tokens
 * @param columns the processor's first
 */
record Section(String model, String input, List<Column> columns) {
    List<Column> processors() {
        return columns.stream().filter(Column::isProcessor).toList();
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("model", model);
        json.put("input", input);
        json.put("columns", columns.stream().map(column -> column.toJson(processors())).toList());
        return json;
    }
}
