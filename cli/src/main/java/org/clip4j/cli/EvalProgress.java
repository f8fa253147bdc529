package org.clip4j.cli;

import org.clip4j.training.evaluation.Evaluator;

/** Shows how an evaluation goes: a bar, and a line for each sample that cannot be used. */
final class EvalProgress implements Evaluator.Listener, AutoCloseable {
    private final Console console;
    private Progress bar;

    EvalProgress(Console console) {
        this.console = console;
    }

    @Override
    public void started(String task, long total, long done) {
        close();
        bar = Progress.items(task, total, false, console);
        advanced(done);
    }

    @Override
    public void advanced(long steps) {
        for (long i = 0; i < steps; i++) {
            bar.step();
        }
    }

    @Override
    public void unusable(String sample, String reason) {
        console.itemFailed(sample, reason);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
