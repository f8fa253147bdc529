package org.clip4j.training.dataset;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A long list of short strings that takes little more memory than their UTF-8. Filled by one thread,
 * then read by any.
 */
final class NameList {
    /** 4096 names: of one block of bytes. */
    private static final int BLOCK = 4096;

    private final List<byte[]> blocks = new ArrayList<>();
    private final ByteArrayOutputStream filling = new ByteArrayOutputStream();
    /** Where each name ends within its block. */
    private int[] ends = new int[64];
    private int size;

    void add(String name) {
        filling.writeBytes(name.getBytes(StandardCharsets.UTF_8));
        if (size == ends.length) {
            ends = Arrays.copyOf(ends, Math.addExact(size, size / 2));
        }
        ends[size++] = filling.size();
        if (size % BLOCK == 0) {
            seal();
        }
    }

    /** Ends the filling. */
    NameList sealed() {
        if (size % BLOCK != 0) {
            seal();
        }
        return this;
    }

    private void seal() {
        blocks.add(filling.toByteArray());
        filling.reset();
    }

    int size() {
        return size;
    }

    String get(int index) {
        int from = index % BLOCK == 0 ? 0 : ends[index - 1];
        return new String(blocks.get(index / BLOCK), from, ends[index] - from, StandardCharsets.UTF_8);
    }
}
