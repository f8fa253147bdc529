package org.clip4j.kernels;

/** What a part of the contract test asks of the class that runs it. */
interface BackendFixture {
    /** A fresh backend; the test closes it. */
    Backend open(int threads);

    /** A fresh backend with memory, and the oracle beside it. */
    default Trial trial(int threads) {
        return new Trial(open(threads));
    }
}
