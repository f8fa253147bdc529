package org.clip4j.cuda;

import org.bytedeco.javacpp.Pointer;

/**
 * A pointer that can be aimed at another address, so that passing an address to native code allocates nothing. Owns
 * nothing. Not thread-safe.
 */
final class DeviceAddress extends Pointer {
    DeviceAddress() {
        super((Pointer) null);
    }

    /** Aims it; returns itself. */
    DeviceAddress at(long newAddress) {
        this.address = newAddress;
        return this;
    }
}
