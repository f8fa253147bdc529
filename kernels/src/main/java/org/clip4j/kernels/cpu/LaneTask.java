package org.clip4j.kernels.cpu;

/** Work that is none of a backend's operations, split over the threads of a session: {@link CpuBackend#run}. */
@FunctionalInterface
public interface LaneTask {
    /**
     * Does the share of one lane; called once for each.
     *
     * @param lane what the calling thread works with
     * @param index 0 to {@code lanes - 1}
     */
    void run(CpuLane lane, int index, int lanes);

    /** First item of a lane's share of {@code items}; lane {@code lanes} gives the end. */
    static int share(int items, int lane, int lanes) {
        return CpuOperation.share(items, lane, lanes);
    }

    /** The same in whole groups of {@code group} items, the last of which may be smaller. */
    static int share(int items, int group, int lane, int lanes) {
        return CpuOperation.share(items, group, lane, lanes);
    }
}
