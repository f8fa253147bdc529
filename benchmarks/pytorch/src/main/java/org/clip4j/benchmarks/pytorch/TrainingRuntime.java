package org.clip4j.benchmarks.pytorch;

import java.io.IOException;

/** One side of the comparison: a model, its optimizer and the workload's batches. One thread at a time. */
interface TrainingRuntime extends AutoCloseable {
    /** Name and version, and what computes its matrix products. */
    String description();

    /**
     * Trains on the next batch: forward, loss, backward, clipping, optimizer.
     *
     * @throws IOException when the batch cannot be read
     */
    Step step() throws IOException;

    @Override
    void close();

    /**
     * What came out of a step.
     *
     * @param loss before the step, in nats
     * @param gradientNorm before it was scaled down
     */
    record Step(double loss, double gradientNorm) {}
}
