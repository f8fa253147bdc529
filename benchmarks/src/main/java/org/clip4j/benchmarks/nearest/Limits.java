package org.clip4j.benchmarks.nearest;

/** What a device can do at most. */
interface Limits {
    /**
     * Measures for about as long as the call that is compared takes, where limits are measured beside calls: so that what
     * else the machine does holds up both.
     */
    void sample(double callMillis);

    /** Gigabytes per second, as {@link #memory} says, when it was sampled last. */
    double gigabytes();

    /** Operations per second / 10^12, as {@link #arithmetic} says, when it was sampled last. */
    double teraflops();

    /** The best of all samples. */
    double bestGigabytes();

    /** The best of all samples. */
    double bestTeraflops();

    /** A word for what is done with memory. */
    String memory();

    /** A word for what is computed. */
    String arithmetic();
}
