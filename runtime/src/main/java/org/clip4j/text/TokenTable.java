package org.clip4j.text;

import java.util.Arrays;

/**
 * The strings of a vocabulary, as bytes in one pool, with an open-addressing index from content to id. Filled once, then
 * read by any number of threads.
 */
final class TokenTable {
    private byte[] pool;
    private int used;
    /** ends[id]: where token id ends in the pool, and the next one starts at. */
    private final int[] ends;
    private int count;
    /** Ids plus one; 0 is free. */
    private final int[] slots;
    /** latest[id]: the last id of the same content; null while there are no duplicates. */
    private int[] latest;

    TokenTable(int capacity, int poolBytes) {
        pool = new byte[poolBytes];
        ends = new int[capacity];
        slots = new int[Integer.highestOneBit(Math.max(4, capacity)) * 4];
    }

    /** Appends a byte to the token that is being written. */
    void write(int b) {
        if (used == pool.length) {
            pool = Arrays.copyOf(pool, Math.addExact(pool.length, pool.length / 2 + 64));
        }
        pool[used++] = (byte) b;
    }

    /** Ends the token that was being written; its id is the number of tokens before it. */
    int finish() {
        int id = count++;
        ends[id] = used;
        int slot = probe(pool, start(id), used);
        if (slots[slot] == 0) {
            slots[slot] = id + 1;
        } else {
            if (latest == null) {
                latest = new int[ends.length];
                Arrays.setAll(latest, i -> i);
            }
            latest[slots[slot] - 1] = id;
        }
        return id;
    }

    /** The first id of a content, or -1. */
    int find(byte[] bytes, int from, int to) {
        return slots[probe(bytes, from, to)] - 1;
    }

    /** Looks up part of a token's own bytes. */
    int findPart(int id, int from, int to) {
        return find(pool, start(id) + from, start(id) + to);
    }

    /** The id that the reference gives a content whose first id is known: its dictionary keeps the last of equals. */
    int output(int id) {
        return latest == null ? id : latest[id];
    }

    int count() {
        return count;
    }

    int length(int id) {
        return ends[id] - start(id);
    }

    /** Copies a token's bytes and returns the index behind them. */
    int copy(int id, byte[] target, int at) {
        System.arraycopy(pool, start(id), target, at, length(id));
        return at + length(id);
    }

    private int start(int id) {
        return id == 0 ? 0 : ends[id - 1];
    }

    private int probe(byte[] bytes, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + bytes[i];
        }
        int slot = mix(hash) & slots.length - 1;
        while (slots[slot] != 0) {
            int id = slots[slot] - 1;
            if (Arrays.equals(pool, start(id), ends[id], bytes, from, to)) {
                break;
            }
            slot = slot + 1 & slots.length - 1;
        }
        return slot;
    }

    /** The finalizer of a 32-bit murmur hash, shortened. */
    static int mix(int hash) {
        int mixed = (hash ^ hash >>> 16) * 0x85EBCA6B;
        return mixed ^ mixed >>> 13;
    }
}
