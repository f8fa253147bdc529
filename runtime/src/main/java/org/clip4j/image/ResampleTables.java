package org.clip4j.image;

/** The tables of the last few sizes seen, so that images of repeating sizes compute none. One thread. */
final class ResampleTables {
    private final ResampleTable[] recent = new ResampleTable[16];
    private int next;

    ResampleTable get(int in, int out, int first, int count) {
        for (ResampleTable table : recent) {
            if (table != null && table.is(in, out, first, count)) {
                return table;
            }
        }
        ResampleTable made = new ResampleTable(in, out, first, count);
        recent[next] = made;
        next = (next + 1) % recent.length;
        return made;
    }
}
