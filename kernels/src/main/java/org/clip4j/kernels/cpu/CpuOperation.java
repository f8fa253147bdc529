package org.clip4j.kernels.cpu;

/** An operation that can be done in parts. */
@FunctionalInterface
interface CpuOperation {
    /** Does part {@code part} of {@code parts} of a call, on a lane. */
    void run(CpuCall call, CpuLane lane, int part, int parts);

    /** First item of a part's share of {@code items}; part {@code parts} gives the end. */
    static int share(int items, int part, int parts) {
        return (int) ((long) items * part / parts);
    }

    /** The same in whole groups of {@code group} items, the last of which may be smaller. */
    static int share(int items, int group, int part, int parts) {
        int groups = (items + group - 1) / group;
        return Math.min(items, share(groups, part, parts) * group);
    }
}
