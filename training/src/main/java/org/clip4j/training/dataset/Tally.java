package org.clip4j.training.dataset;

import java.util.function.Consumer;

/** Counts what is left out for one reason, to say it in one line. For one thread. */
final class Tally {
    private final String reason;
    private long count;
    private String first;

    /** A reason that follows the number, in the plural. */
    Tally(String reason) {
        this.reason = reason;
    }

    void add(String name) {
        if (count++ == 0) {
            first = name;
        }
    }

    long count() {
        return count;
    }

    /** Says nothing when nothing was counted. */
    void report(Consumer<String> notes) {
        if (count > 0) {
            notes.accept(count + " " + reason + ": first=" + FileNames.shown(first));
        }
    }
}
