package org.clip4j.converter;

import org.clip4j.kernels.DType;

/** Memory that one or several tensors of a checkpoint look at. Its bytes may become known after its name. */
final class Storage {
    private final String key;
    private final DType dtype;
    private final long elements;
    private FileRegion region;

    Storage(String key, DType dtype, long elements) {
        this.key = key;
        this.dtype = dtype;
        this.elements = elements;
    }

    String key() {
        return key;
    }

    DType dtype() {
        return dtype;
    }

    long elements() {
        return elements;
    }

    void attach(FileRegion bytes) {
        region = bytes;
    }

    FileRegion region() throws CheckpointException {
        if (region == null) {
            throw new CheckpointException("checkpoint names a storage that has no bytes: key=" + key);
        }
        return region;
    }
}
