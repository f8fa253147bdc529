package org.clip4j.cli;

import java.io.IOException;

/** What became of one item: an embedding or an error, never both. Holds its array, does not copy it. */
final class Embedded {
    private final String kind;
    private final String source;
    private final float[] embedding;
    private final String error;

    /** Takes items in the order in which they were given. */
    interface Sink {
        void accept(Embedded item) throws IOException;
    }

    private Embedded(String kind, String source, float[] embedding, String error) {
        this.kind = kind;
        this.source = source;
        this.embedding = embedding;
        this.error = error;
    }

    /** An item and its embedding, [E]. */
    static Embedded of(String kind, String source, float[] embedding) {
        return new Embedded(kind, source, embedding, null);
    }

    /** An item that has none, and why, in one line. */
    static Embedded failed(String kind, String source, String error) {
        return new Embedded(kind, source, null, Console.oneLine(error));
    }

    /** {@code image}, {@code pixels} or {@code text}. */
    String kind() {
        return kind;
    }

    /** The path, file and index, or text as given. */
    String source() {
        return source;
    }

    /** [E], or null. */
    float[] embedding() {
        return embedding;
    }

    /** One line, or null. */
    String error() {
        return error;
    }

    boolean failed() {
        return error != null;
    }
}
