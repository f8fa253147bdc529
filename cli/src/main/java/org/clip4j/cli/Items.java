package org.clip4j.cli;

import java.io.IOException;
import java.util.List;

/**
 * Images or texts that a command works on: those given one by one, then those that the lines of a file or of standard
 * input hold.
 *
 * @param option what names the file on the command line
 * @param given in the order given
 * @param file a file, {@value Lines#STDIN} or null
 * @param skipsBlank whether a blank line is no item
 */
record Items(String option, List<String> given, String file, boolean skipsBlank) {

    /** Takes an item, or where it stands and why it is none. */
    interface Consumer {
        void accept(String item, InputException problem) throws IOException;
    }

    /** Runs when the next item may take long to come. */
    interface Pause {
        void run() throws IOException;
    }

    static Items images(List<String> given, String file) {
        return new Items("--images", given, file, true);
    }

    static Items texts(List<String> given, String file) {
        return new Items("--texts", given, file, false);
    }

    boolean isEmpty() {
        return given.isEmpty() && file == null;
    }

    /** How many there are, or {@link Progress#UNKNOWN}. */
    long count() {
        return file == null ? given.size() : Progress.UNKNOWN;
    }

    void forEach(Console console, Consumer consumer) throws IOException {
        forEach(console, consumer, () -> {});
    }

    /** Hands over all items in order. */
    void forEach(Console console, Consumer consumer, Pause pause) throws IOException {
        for (String item : given) {
            consumer.accept(item, null);
        }
        if (file == null) {
            return;
        }
        try (Lines lines = Lines.open(option, file, console)) {
            while (true) {
                if (lines.mustWait()) {
                    pause.run();
                }
                String line;
                try {
                    line = lines.next();
                } catch (InputException e) {
                    consumer.accept(lines.where(), e);
                    continue;
                }
                if (line == null) {
                    return;
                }
                if (!skipsBlank || !line.isBlank()) {
                    consumer.accept(line, null);
                }
            }
        }
    }
}
