package org.clip4j.cli;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** JSON lines. Stateless. */
final class Json {
    /** How the library names a place within its messages; there is one line, and its source is known. */
    private static final Pattern SOURCE = Pattern.compile("\\[Source: [^\\]]*; line: \\d+, (column: \\d+)\\]");

    private Json() {}

    /** An object from names and values in turn, in that order; for {@link #line}. */
    static Map<String, Object> object(Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            object.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return object;
    }

    /** Adds what went wrong with which item, when anything did. */
    static void putErrors(Map<String, Object> result, List<Embedded> items) {
        List<Map<String, Object>> errors = items.stream().filter(Embedded::failed)
                .map(item -> object("kind", item.kind(), "source", item.source(), "error", item.error())).toList();
        if (!errors.isEmpty()) {
            result.put("errors", errors);
        }
    }

    /** A value on one line. Floats have as many digits as it takes to read the same float again. */
    static String line(Object value) {
        try {
            return escapeLoneSurrogates(JSON.std.asString(value));
        } catch (IOException e) {
            throw new IllegalStateException("numbers and strings can always be written as JSON", e);
        }
    }

    /**
     * Reads a value.
     *
     * @throws InputException when the text is not JSON
     */
    static Object parse(String text) {
        try {
            return JSON.std.anyFrom(text);
        } catch (JsonProcessingException e) {
            JsonLocation place = e.getLocation();
            throw new InputException("not JSON: " + SOURCE.matcher(e.getOriginalMessage()).replaceAll("$1")
                    + (place == null ? "" : " column=" + place.getColumnNr()), e);
        } catch (IOException e) {
            throw new InputException("not JSON: " + e.getMessage(), e);
        }
    }

    /** Half of a surrogate pair has no UTF-8 form; JSON can still carry it as an escape. */
    private static String escapeLoneSurrogates(String json) {
        StringBuilder escaped = null;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            boolean pair = Character.isHighSurrogate(c) && i + 1 < json.length()
                    && Character.isLowSurrogate(json.charAt(i + 1));
            boolean lone = !pair && Character.isSurrogate(c);
            if (lone && escaped == null) {
                escaped = new StringBuilder(json.length() + 16).append(json, 0, i);
            }
            if (escaped != null) {
                if (lone) {
                    escaped.append("\\u").append(Integer.toHexString(c));
                } else {
                    escaped.append(c);
                }
            }
            if (pair) {
                i++;
                if (escaped != null) {
                    escaped.append(json.charAt(i));
                }
            }
        }
        return escaped == null ? json : escaped.toString();
    }
}
