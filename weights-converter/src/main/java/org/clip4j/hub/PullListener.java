package org.clip4j.hub;

import org.clip4j.converter.ProgressListener;

/** Told what a pull does; called by the thread that pulls. */
public interface PullListener {
    /** Nobody listens. */
    PullListener NONE = new PullListener() {
        @Override
        public void note(String line) {
            // Nobody listens.
        }

        @Override
        public Task begin(String name) {
            return new Task() {
                @Override
                public void progress(long doneBytes, long totalBytes) {
                    // Nobody listens.
                }

                @Override
                public void close() {
                    // Nobody listens.
                }
            };
        }
    };

    /** One line for people about something unexpected that does not end the pull. */
    void note(String line);

    /** Long work begins, for example the download of one file; its end is the task's {@code close}. */
    Task begin(String name);

    /** Long work that goes on. {@code totalBytes} is negative while unknown. */
    interface Task extends ProgressListener, AutoCloseable {
        @Override
        void close();
    }
}
