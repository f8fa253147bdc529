package org.clip4j.benchmarks.nearest.peers;

import java.io.IOException;

/** Another library's index of the rows, which is searched in two ways. Owns what the library holds. */
interface PeerIndex extends AutoCloseable {
    /** Searches that take the best of so many candidates out of the library's graph. */
    Search graph(int candidates);

    /** Searches that score every row. */
    Search exact();

    @Override
    void close() throws IOException;

    /** One of these ways. */
    record Way(String name, double buildSeconds, Finder finder) implements Search {
        @Override
        public int search(int query, int[] nearest) throws IOException {
            return finder.find(query, nearest);
        }
    }

    /** What {@link Search#search} does. */
    @FunctionalInterface
    interface Finder {
        /** Returns how many were found. */
        int find(int query, int[] nearest) throws IOException;
    }
}
