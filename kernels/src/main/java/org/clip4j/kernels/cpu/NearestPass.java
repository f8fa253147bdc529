package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Tensor;

/**
 * Arguments of a {@link NearestScan} for one part of the rows, and where in native memory it keeps what it finds. An object
 * that a lane reuses.
 */
public final class NearestPass {
    private Tensor x;
    private int firstQuery;
    private int queries;
    private int width;
    private int k;
    private long keys;
    private long margins;
    private long scratch;
    private long xCodes;
    private long xScales;
    private long codes;
    private long scales;

    /** Sets the queries, rows of E columns from {@code first} on. */
    NearestPass queries(Tensor newX, int first, int count, int newWidth, int newK) {
        this.x = newX;
        this.firstQuery = first;
        this.queries = count;
        this.width = newWidth;
        this.k = newK;
        return this;
    }

    /** Sets native addresses: of lists [queries, k], of a double for each query, and of scratch. */
    NearestPass memory(long newKeys, long newMargins, long newScratch) {
        this.keys = newKeys;
        this.margins = newMargins;
        this.scratch = newScratch;
        this.xCodes = 0;
        this.xScales = 0;
        this.codes = 0;
        this.scales = 0;
        return this;
    }

    /** Sets native addresses of the queries in 16 bits: {@link CodedQueries}. */
    void queryCodes(long newCodes, long newScales) {
        this.xCodes = newCodes;
        this.xScales = newScales;
    }

    /** Sets native addresses of the codes of the rows that are next: {@link CodedRows}. */
    void rowCodes(long newCodes, long newScales) {
        this.codes = newCodes;
        this.scales = newScales;
    }

    /** Native address of the first query. */
    public long xAddress() {
        return NativeRows.address(x, firstQuery);
    }

    /** Elements from one query to the next. */
    public int xStride() {
        return x.rowStride();
    }

    /** Number of queries. */
    public int queries() {
        return queries;
    }

    /** E, columns of a row. */
    public int width() {
        return width;
    }

    /** Rows that are kept for each query. */
    public int k() {
        return k;
    }

    /** Address of [queries, k] numbers of 64 bits, as {@link NearestKeys} makes them: the lists, largest first. */
    public long keys() {
        return keys;
    }

    /** Address of a double for each query: what a product in f32 may lack of the k-th score, and its row still be near. */
    public long margins() {
        return margins;
    }

    /** Address of [queries, E] codes of 16 bits of the queries, or 0: rows are then compared as they are. */
    public long xCodes() {
        return xCodes;
    }

    /** Address of [queries, 2] floats: what a code is worth, and what a row can add whose codes lack a norm of one. */
    public long xScales() {
        return xScales;
    }

    /** Address of [count, E] codes of 8 bits of the rows at hand, or 0. */
    public long codes() {
        return codes;
    }

    /** Address of [count, 2] floats: what a code is worth, and the norm of what the codes lack. */
    public long scales() {
        return scales;
    }

    /** Address of {@link NearestScan#scratchFloats} floats, the same for all rows of a pass. */
    public long scratch() {
        return scratch;
    }
}
