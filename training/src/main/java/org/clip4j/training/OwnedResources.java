package org.clip4j.training;

import java.util.ArrayDeque;
import java.util.Deque;

/** What an object has opened and closes with itself: the last first, and all of them, also when one fails. */
public final class OwnedResources implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** Takes over a resource, and gives it back for use. */
    public <T extends AutoCloseable> T add(T resource) {
        opened.push(resource);
        return resource;
    }

    /**
     * Closes what was taken over; again does nothing.
     *
     * @throws IllegalStateException when a resource could not be closed, with the first reason as the cause
     */
    @Override
    public void close() {
        IllegalStateException failed = null;
        while (!opened.isEmpty()) {
            AutoCloseable resource = opened.pop();
            try {
                resource.close();
            } catch (Exception e) {
                if (failed == null) {
                    failed = new IllegalStateException("cannot close: " + resource.getClass().getSimpleName(), e);
                } else {
                    failed.addSuppressed(e);
                }
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
