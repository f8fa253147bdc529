package org.clip4j.kernels.cpu;

/** How a part of the rows is searched. Stateless but for the rows, which it only reads. */
interface PartScan {
    /** Rows of a step: parts are whole steps. A power of two up to {@link org.clip4j.kernels.RowBlocks#MIN_ROWS}. */
    int stepRows();

    /** Fills the lists of a part: {@link NearestCall}. */
    void scan(CpuCall call, CpuLane lane, int part, int firstRow, int endRow);
}
