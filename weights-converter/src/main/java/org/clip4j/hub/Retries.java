package org.clip4j.hub;

import java.io.IOException;
import java.time.Duration;

/** Counts the failures of one operation in a row, and waits longer after each. For one thread. */
final class Retries {
    private static final int MAX_IN_A_ROW = 5;
    /** However much each attempt brings: ends a game that a server plays with single bytes. */
    private static final int MAX_AT_ALL = 1000;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    /** A longer Retry-After is left to the user. */
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(2);

    private final Pauses pauses;
    private final PullListener listener;
    private int inARow;
    private int atAll;

    /** Something that may be tried again. */
    interface Attempt<T> {
        T run() throws IOException;
    }

    Retries(Pauses pauses, PullListener listener) {
        this.pauses = pauses;
        this.listener = listener;
    }

    /** Runs until it succeeds, fails for good, or has failed too often. */
    static <T> T of(Pauses pauses, PullListener listener, Attempt<T> attempt) throws IOException {
        Retries retries = new Retries(pauses, listener);
        while (true) {
            try {
                return attempt.run();
            } catch (TransientException e) {
                retries.pauseAfter(e);
            }
        }
    }

    /** An attempt failed, but came further than all before. */
    void progressed() {
        inARow = 0;
    }

    /**
     * Waits before the next attempt.
     *
     * @throws HubException when there should be none
     */
    void pauseAfter(TransientException e) throws IOException {
        inARow++;
        atAll++;
        Duration pause = e.retryAfter().orElse(FIRST_PAUSE.multipliedBy(1L << (inARow - 1)));
        if (inARow >= MAX_IN_A_ROW || atAll >= MAX_AT_ALL || pause.compareTo(LONGEST_PAUSE) > 0) {
            String wish = e.retryAfter().map(wait -> " retryAfterSeconds=" + wait.toSeconds()).orElse("");
            throw HubException.failure(e.getMessage() + " attempts=" + atAll + wish
                    + "; try again later: what has arrived is kept", e);
        }
        listener.note(e.getMessage() + "; trying again");
        pauses.pause(pause);
    }
}
