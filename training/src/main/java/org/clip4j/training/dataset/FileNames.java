package org.clip4j.training.dataset;

import java.util.Locale;
import java.util.Set;

/** What names of files say. Stateless. */
final class FileNames {
    /** Of pictures, lower case. */
    private static final Set<String> PICTURES = Set.of("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff");
    static final String TEXT = "txt";
    static final String JSON = "json";
    static final String CLASS = "cls";

    private FileNames() {}

    static boolean isPicture(String extension) {
        return PICTURES.contains(extension);
    }

    /** What follows the last dot, lower case; empty without a dot. */
    static String extension(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? "" : name.substring(dot + 1).toLowerCase(Locale.ROOT);
    }

    /** What precedes the last dot. */
    static String stem(String name) {
        int dot = name.lastIndexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }

    /** A name for a message: on one line, and not too long. */
    static String shown(String name) {
        String line = name.codePoints().limit(120).map(point -> Character.isISOControl(point) ? ' ' : point)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
        return line.length() < name.length() ? line + "..." : line;
    }
}
