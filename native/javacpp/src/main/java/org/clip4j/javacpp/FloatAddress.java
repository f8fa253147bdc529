package org.clip4j.javacpp;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A pointer to floats that can be aimed at another address, so that passing an address to native code allocates nothing.
 * Owns nothing. Not thread-safe.
 */
public final class FloatAddress extends FloatPointer {
    /** Aimed at nothing yet. */
    public FloatAddress() {
        super((Pointer) null);
    }

    /** Aims it; returns itself. */
    public FloatAddress at(long newAddress) {
        this.address = newAddress;
        return this;
    }
}
