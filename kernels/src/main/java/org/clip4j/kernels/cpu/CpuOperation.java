package org.clip4j.kernels.cpu;

/** An operation that can be done in parts. */
@FunctionalInterface
interface CpuOperation {
    /**
     * An operation is cut into more parts than there are lanes, and a lane that is done takes the next one, so that a
     * core that other work slows down does not hold up the rest. The cuts do not depend on who takes what, so results
     * are the same every time.
     */
    int PARTS_PER_LANE = 3;

    /** Parts that a call is cut into. */
    default int parts(CpuCall call, int lanes) {
        return lanes == 1 ? 1 : lanes * PARTS_PER_LANE;
    }

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
