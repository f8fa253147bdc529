package org.clip4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Where a command reads and prints: machine output on stdout, everything else on stderr, both in UTF-8 whatever the
 * locale. Counts the items that failed. For one thread.
 */
final class Console {
    /** Set by the launcher, which alone can ask: the streams that are terminals, of {@code out} and {@code err}. */
    static final String TERMINALS_PROPERTY = "clip4j.terminals";

    static final String STDIN_READ_TWICE = "standard input can be read once: only one option can take -";

    private final InputStream in;
    private final OutputStream out;
    private final OutputStream err;
    private final boolean outIsTerminal;
    private final boolean errIsTerminal;
    private boolean inTaken;
    private boolean itemFailed;
    private boolean lineInUse;

    /** Standard output is gone, for example because the reader of a pipe has ended. */
    static final class OutputClosedException extends UncheckedIOException {
        private static final long serialVersionUID = 1L;

        OutputClosedException(IOException cause) {
            super("cannot write to standard output: " + cause.getMessage(), cause);
        }
    }

    Console(InputStream in, OutputStream out, OutputStream err) {
        this.in = in;
        this.out = out;
        this.err = err;
        String terminals = System.getProperty(TERMINALS_PROPERTY, "");
        this.outIsTerminal = terminals.contains("out");
        this.errIsTerminal = terminals.contains("err");
    }

    /**
     * Standard input, for one reader.
     *
     * @throws InputException when it has a reader already
     */
    InputStream in() {
        if (inTaken) {
            throw new InputException(STDIN_READ_TWICE);
        }
        inTaken = true;
        return in;
    }

    /** Whether a person sees standard output. */
    boolean outIsTerminal() {
        return outIsTerminal;
    }

    /** Whether a person sees standard error. */
    boolean errIsTerminal() {
        return errIsTerminal;
    }

    /** Whether tables may be coloured. */
    boolean colored() {
        return colours() != Colours.NONE;
    }

    /** The colours that standard output may have. */
    Colours colours() {
        return Colours.of(outIsTerminal, System.getenv());
    }

    /** Prints a line on stdout, at once, so that a reader of a pipe need not wait. */
    void print(String line) {
        try {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        } catch (IOException e) {
            throw new OutputClosedException(e);
        }
    }

    /** Prints a line for people on stderr. */
    void note(String line) {
        printError("clip: " + line);
    }

    /** Prints why something went wrong, as one line on stderr. */
    void error(String message) {
        printError("clip: error: " + oneLine(message));
    }

    /** Prints why one item of many went wrong, as one line on stderr; the exit code will be 2. */
    void itemFailed(String item, String message) {
        itemFailed = true;
        error(brief(item) + ": " + message);
    }

    /** 0, or 2 when an item has failed. */
    int exitCode() {
        return itemFailed ? ExitCodes.BAD_INPUT : ExitCodes.OK;
    }

    private void printError(String line) {
        try {
            err.write(((lineInUse ? Progress.CLEAR : "") + line + "\n").getBytes(StandardCharsets.UTF_8));
            err.flush();
        } catch (IOException e) {
            // There is no stream left to say so; the exit code still tells.
            itemFailed = itemFailed || line.startsWith("clip: error");
        }
    }

    /** Tells whether a bar stands on the last line of stderr, which makes way for whatever is printed there. */
    void setLineInUse(boolean lineInUse) {
        this.lineInUse = lineInUse;
    }

    /** For picocli's help on stdout. */
    PrintWriter outWriter() {
        return new PrintWriter(out, true, StandardCharsets.UTF_8);
    }

    /** For stack traces and progress on stderr. */
    PrintWriter errWriter() {
        return new PrintWriter(err, true, StandardCharsets.UTF_8);
    }

    static String oneLine(String message) {
        return message == null ? "no message" : message.strip().replaceAll("\\s*\\R\\s*", " ");
    }

    /** A text or path, short enough for a message; control characters cannot play with the terminal. */
    static String brief(String item) {
        String line = item.codePoints().limit(200).collect(StringBuilder::new,
                (text, point) -> text.appendCodePoint(Character.isISOControl(point) ? ' ' : point),
                StringBuilder::append).toString();
        int end = line.codePointCount(0, line.length()) <= 80 ? line.length() : line.offsetByCodePoints(0, 77);
        String shown = line.substring(0, end) + (end < line.length() ? "..." : "");
        return shown.isBlank() ? String.format(Locale.ROOT, "'%s'", shown) : shown;
    }
}
