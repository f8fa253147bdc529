package org.clip4j.benchmarks.nearest.peers;

import java.io.IOException;

/** A way to find the nearest rows of one query. One thread at a time. */
interface Search {
    /** Who searches, and how. */
    String name();

    /** Threads of a search. */
    default int threads() {
        return 1;
    }

    /** Seconds from the rows in memory to the first search, NaN when not known. */
    default double buildSeconds() {
        return 0;
    }

    /**
     * Searches.
     *
     * @param query number of one of {@link ClusteredRows}' queries
     * @param nearest receives the rows' numbers, in any order
     * @return how many were found
     */
    int search(int query, int[] nearest) throws IOException;
}
