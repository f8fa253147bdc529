package org.clip4j.kernels;

import java.util.Optional;

/**
 * Threads stay where the system puts them.
 *
 * @param reason why, with a remedy, one line
 */
record NoAffinity(String reason) implements ThreadAffinity {
    @Override
    public Optional<String> obstacle() {
        return Optional.of(reason);
    }

    @Override
    public int[] granted() {
        throw refusal();
    }

    @Override
    public int[] processors() {
        throw refusal();
    }

    @Override
    public void bind(int... processors) {
        throw refusal();
    }

    private BackendException refusal() {
        return new BackendException("threads cannot be pinned here: " + reason, null);
    }
}
