package org.clip4j.weights;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Typed access to a JSON object of a configuration; every error names file and field. Fields that nobody asked for can
 * be refused, so that a property which this program does not know is never silently ignored. For one thread.
 */
public final class JsonFields {
    private final String file;
    private final String path;
    private final Map<String, Object> values;
    private final Set<String> asked = new HashSet<>();

    private JsonFields(String file, String path, Map<String, Object> values) {
        this.file = file;
        this.path = path;
        this.values = values;
    }

    /**
     * Parses an object.
     *
     * @param file name for messages
     * @throws ModelFileException when the text is not one JSON object, or names a field twice
     */
    public static JsonFields parse(String file, String json) throws ModelFileException {
        try {
            return new JsonFields(file, "", JSON.std.mapFrom(json));
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage()).split("\\R", 2)[0];
            throw new ModelFileException("not a JSON object: file=" + file + " reason=" + reason, e);
        }
    }

    /** True when the field is there and not null. */
    public boolean has(String field) {
        return values.get(field) != null;
    }

    /** The value as the parser made it, null when absent. */
    public Object raw(String field) {
        asked.add(field);
        return values.get(field);
    }

    /** All names. */
    public Set<String> names() {
        return values.keySet();
    }

    /** A whole number. */
    public int integer(String field) throws ModelFileException {
        Object value = raw(field);
        if (value instanceof Integer number) {
            return number;
        }
        throw wrong(field, "a whole number", value);
    }

    /** A whole number, or another when the field is absent. */
    public int integer(String field, int absent) throws ModelFileException {
        asked.add(field);
        return has(field) ? integer(field) : absent;
    }

    /** Any number, or another when the field is absent. */
    public double number(String field, double absent) throws ModelFileException {
        Object value = raw(field);
        if (value == null) {
            return absent;
        }
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw wrong(field, "a number", value);
    }

    /** A string. */
    public String string(String field) throws ModelFileException {
        Object value = raw(field);
        if (value instanceof String text) {
            return text;
        }
        throw wrong(field, "a string", value);
    }

    /** A string, or another when the field is absent. */
    public String string(String field, String absent) throws ModelFileException {
        asked.add(field);
        return has(field) ? string(field) : absent;
    }

    /** True or false, or another when the field is absent. */
    public boolean bool(String field, boolean absent) throws ModelFileException {
        Object value = raw(field);
        if (value == null) {
            return absent;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw wrong(field, "true or false", value);
    }

    /** A list of whole numbers. */
    public List<Integer> integers(String field) throws ModelFileException {
        List<Integer> numbers = new ArrayList<>();
        for (Object item : list(field)) {
            if (!(item instanceof Integer number)) {
                throw wrong(field, "a list of whole numbers", item);
            }
            numbers.add(number);
        }
        return numbers;
    }

    /** A list of numbers. */
    public List<Float> floats(String field) throws ModelFileException {
        List<Float> numbers = new ArrayList<>();
        for (Object item : list(field)) {
            if (!(item instanceof Number number)) {
                throw wrong(field, "a list of numbers", item);
            }
            numbers.add(number.floatValue());
        }
        return numbers;
    }

    /** A list of anything. */
    public List<?> list(String field) throws ModelFileException {
        Object value = raw(field);
        if (value instanceof List<?> items) {
            return items;
        }
        throw wrong(field, "a list", value);
    }

    /** An object. */
    public JsonFields object(String field) throws ModelFileException {
        Optional<JsonFields> found = optionalObject(field);
        if (found.isEmpty()) {
            throw wrong(field, "an object", null);
        }
        return found.get();
    }

    /** An object, empty when absent or null. */
    public Optional<JsonFields> optionalObject(String field) throws ModelFileException {
        Object value = raw(field);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof Map<?, ?> map) {
            @SuppressWarnings("unchecked") // names of a JSON object are strings
            Map<String, Object> fields = (Map<String, Object>) map;
            return Optional.of(new JsonFields(file, path + field + ".", fields));
        }
        throw wrong(field, "an object", value);
    }

    /** Refuses a field whose value is none of those that this program can follow; absent and null are fine. */
    public void require(String field, Object... allowed) throws ModelFileException {
        Object value = raw(field);
        if (value == null) {
            return;
        }
        for (Object candidate : allowed) {
            boolean bothNumbers = value instanceof Number && candidate instanceof Number;
            boolean same = bothNumbers
                    ? ((Number) value).doubleValue() == ((Number) candidate).doubleValue()
                    : value.equals(candidate);
            if (same) {
                return;
            }
        }
        throw wrong(field, List.of(allowed).toString(), value);
    }

    /** Fields that mean nothing here, whatever they hold. */
    public void ignore(String... fields) {
        asked.addAll(List.of(fields));
    }

    /** Refuses fields that have been neither read nor ignored, unless they are null. */
    public void refuseOthers() throws ModelFileException {
        for (Map.Entry<String, Object> entry : values.entrySet()) {
            if (entry.getValue() != null && !asked.contains(entry.getKey())) {
                throw new ModelFileException("configuration has a property that is not supported: field=" + path
                        + entry.getKey() + " value=" + brief(entry.getValue()) + " file=" + file);
            }
        }
    }

    /** An error about one field. */
    public ModelFileException wrong(String field, String expected, Object actual) {
        return new ModelFileException("configuration value is missing or not supported: field=" + path + field
                + " expected=" + expected + " actual=" + (actual == null ? "absent" : brief(actual)) + " file=" + file);
    }

    private static String brief(Object value) {
        String text = String.valueOf(value).replaceAll("\\s+", " ");
        return text.length() <= 60 ? text : text.substring(0, 57) + "...";
    }
}
