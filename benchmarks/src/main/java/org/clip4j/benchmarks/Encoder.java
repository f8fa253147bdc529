package org.clip4j.benchmarks;

import java.nio.FloatBuffer;

/**
 * One runtime, ready to embed one input of fixed size again and again. Belongs to one thread; closed by whoever opened
 * it.
 */
public interface Encoder extends AutoCloseable {
    /** Embeds the input; the result is in {@link #embeddings()} when it returns. */
    void encode();

    /** [B,E], not normalised; overwritten by each {@link #encode()}. */
    FloatBuffer embeddings();

    @Override
    void close();
}
