package org.clip4j.cli;

import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import org.clip4j.converter.ProgressListener;

/**
 * A bar on stderr while long work goes on, when stderr is a terminal that shows no results; else nothing. For one
 * thread; the owner closes it.
 */
final class Progress implements AutoCloseable {
    /** Instead of a number of items. */
    static final long UNKNOWN = -1;

    private static final int WIDTH = 79;
    /** Empties the line that a bar stands on. */
    static final String CLEAR = "\r" + " ".repeat(WIDTH) + "\r";

    private static final long BYTES_PER_MEGABYTE = 1_000_000;

    private final Console console;
    private final ProgressBar bar;

    private Progress(ProgressBarBuilder style, boolean shown, Console console) {
        this.console = console;
        this.bar = shown
                ? style.setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(200).clearDisplayOnFinish()
                        .setConsumer(new Line(console.errWriter())).build()
                : null;
        console.setLineInUse(shown);
    }

    /**
     * Counts items.
     *
     * @param total how many, or {@link #UNKNOWN}
     * @param prints whether results go to stdout meanwhile: where that is a terminal too, they are the progress
     */
    static Progress items(String task, long total, boolean prints, Console console) {
        return new Progress(new ProgressBarBuilder().setTaskName(task).setInitialMax(total),
                console.errIsTerminal() && !(prints && console.outIsTerminal()), console);
    }

    /** Counts bytes. */
    static Progress bytes(String task, Console console) {
        return new Progress(new ProgressBarBuilder().setTaskName(task).setInitialMax(UNKNOWN).setUnit(" MB",
                BYTES_PER_MEGABYTE), console.errIsTerminal(), console);
    }

    /** One item more. */
    void step() {
        if (bar != null) {
            bar.step();
        }
    }

    /** Whether somebody sees the bar. */
    boolean shown() {
        return bar != null;
    }

    /** So many items are done; what is said stands behind the bar. */
    void stepTo(long items, String message) {
        if (bar != null) {
            bar.setExtraMessage(message).stepTo(items);
        }
    }

    /** What the converter reports to. */
    ProgressListener listener() {
        return (doneBytes, totalBytes) -> {
            if (bar != null) {
                bar.maxHint(totalBytes).stepTo(doneBytes);
            }
        };
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            console.setLineInUse(false);
        }
    }

    /** Redraws one line. The library's own would ask the terminal for its width through further libraries. */
    private static final class Line implements ProgressBarConsumer {
        private final PrintWriter err;

        Line(PrintWriter err) {
            this.err = err;
        }

        @Override
        public int getMaxRenderedLength() {
            return WIDTH;
        }

        @Override
        public void accept(String rendered) {
            err.print("\r" + rendered);
            err.flush();
        }

        @Override
        public void clear() {
            err.print(CLEAR);
            err.flush();
        }

        @Override
        public void close() {
            err.flush();
        }
    }
}
