package org.clip4j.kernels.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Tensor;

/** What a thread searches with: lists of the nearest rows so far, and copies of what it compares. Not thread-safe. */
final class NearestLane {
    private static final int BLOCK = RowMath.BLOCK;
    /** Takes the exponent of an f16, which counts from -15, to that of an f32, which counts from -127. */
    private static final float F16_SCALE = 0x1p112f;
    private static final int F16_INFINITY = 0x7C00 << 13;

    private final float[] products = new float[CpuNearestRows.MAX_QUERIES];
    /** Below these, products cannot be scores that are near enough. */
    private final float[] limits = new float[CpuNearestRows.MAX_QUERIES];
    private final double[] margins = new double[CpuNearestRows.MAX_QUERIES];
    private final long[] keys = new long[CpuNearestRows.MAX_QUERIES * NearestRows.MAX_NEAREST];
    private final int[] counts = new int[CpuNearestRows.MAX_QUERIES];
    private final float[] query = new float[BLOCK];
    private final float[] row = new float[BLOCK];
    private final int[] words = new int[BLOCK / 2];
    private final int[] low = new int[BLOCK / 2];
    private final int[] high = new int[BLOCK / 2];
    private final float[] woven = new float[BLOCK];
    private final FloatBuffer asFloats;
    private final IntBuffer asInts;
    /** How far the merge is in each part's list; grows to the largest number of parts seen. */
    private int[] places = new int[0];
    private final NearestPass pass = new NearestPass();
    /** Made at the first search by codes. */
    private CodedQueries coded;
    private byte[] codes = new byte[0];
    private CpuCall call;
    private int part;
    private int width;
    private FloatBuffer rows;
    private int firstElement;
    private int firstNumber;

    NearestLane() {
        ByteBuffer shared = ByteBuffer.allocateDirect(BLOCK * Float.BYTES).order(ByteOrder.nativeOrder());
        asFloats = shared.asFloatBuffer();
        asInts = shared.asIntBuffer();
    }

    /**
     * Begins a part of the rows, of which products in f32 are looked at.
     *
     * @param largestNorm of all rows
     */
    void start(CpuCall newCall, int newPart, double largestNorm) {
        begin(newCall, newPart);
        for (int q = 0; q < call.nearest.queries; q++) {
            margins[q] = margin(largestNorm * Math.sqrt(dot(null, 0, q)));
        }
    }

    /**
     * Begins a part of the rows, of which codes are looked at; answers those of the queries.
     *
     * @param largestNorm of all rows
     */
    CodedQueries startCoded(CpuCall newCall, int newPart, double largestNorm) {
        begin(newCall, newPart);
        if (coded == null) {
            coded = new CodedQueries();
        }
        coded.set(call, width, largestNorm);
        for (int q = 0; q < call.nearest.queries; q++) {
            margins[q] = coded.margin(q);
        }
        return coded;
    }

    private void begin(CpuCall newCall, int newPart) {
        call = newCall;
        part = newPart;
        width = ((NearestRows) call.operation()).width();
        Arrays.fill(counts, 0, call.nearest.queries, 0);
        Arrays.fill(limits, 0, call.nearest.queries, Float.NEGATIVE_INFINITY);
    }

    /** A place for the codes of a row. */
    byte[] codes(int count) {
        if (codes.length < count) {
            codes = new byte[count];
        }
        return codes;
    }

    /** What a product may lack of the k-th score, by the product of the norms. */
    private double margin(double norms) {
        // Sums might leave the range of f32, or are no numbers: every row is scored.
        if (!(norms < Float.MAX_VALUE / 2)) {
            return Double.POSITIVE_INFINITY;
        }
        // |sum of rounded products - score| <= (E + 2) u |q| |r|, u = 2^-24, in whatever order; products below 2^-126 may
        // be lost. Twice, as the k-th score and the product that is compared with it are each off by that much.
        return 2.02 * (width + 2) * 0x1p-24 * norms + 2 * width * 0x1p-126;
    }

    /** What products of a query may lack of its k-th score. */
    double margin(int q) {
        return margins[q];
    }

    /** Arguments for a native module. */
    NearestPass pass() {
        return pass;
    }

    /** The product of a row with a query, or, without a row, of the query with itself. */
    private double dot(FloatBuffer from, int start, int q) {
        int queryStart = (call.nearest.firstQuery + q) * call.x.rowStride();
        double sum = 0;
        for (int at = 0; at < width; at += BLOCK) {
            int length = Math.min(BLOCK, width - at);
            call.x.floats().get(queryStart + at, query, 0, length);
            if (from == null) {
                sum += RowMath.dot(query, query, length);
            } else {
                from.get(start + at, row, 0, length);
                sum += RowMath.dot(query, row, length);
            }
        }
        return sum;
    }

    /** Sets the rows that products are looked at of, the first of them at {@code start}. */
    void rows(FloatBuffer newRows, int start, int number) {
        rows = newRows;
        firstElement = start;
        firstNumber = number;
    }

    /** Looks at the products of the i-th row with all queries. */
    void lookAtRow(FloatBuffer from, int firstProduct, int i) {
        int queries = call.nearest.queries;
        from.get(firstProduct, products, 0, queries);
        for (int q = 0; q < queries; q++) {
            if (mayBeNear(products[q], q)) {
                add(q, i);
            }
        }
    }

    /** Looks at a query's products with all rows. */
    void lookAtQuery(FloatBuffer from, int firstProduct, int q, int count) {
        from.get(firstProduct, products, 0, count);
        for (int i = 0; i < count; i++) {
            if (mayBeNear(products[i], q)) {
                add(q, i);
            }
        }
    }

    /** Whether a row must be scored that has this product; what is no number must. */
    boolean mayBeNear(float product, int q) {
        return !(product < limits[q]);
    }

    /** Scores the i-th row, and puts it into a query's list when it is near enough. */
    void add(int q, int i) {
        add(q, NearestKeys.key((float) dot(rows, firstElement + i * width, q), firstNumber + i));
    }

    /** Puts a key into a query's list, when it is large enough. */
    private void add(int q, long key) {
        int k = call.nearest.k;
        int first = q * k;
        int at = counts[q];
        if (at == k) {
            if (key < keys[first + k - 1]) {
                return;
            }
            at--;
        } else {
            counts[q]++;
        }
        while (at > 0 && keys[first + at - 1] < key) {
            keys[first + at] = keys[first + at - 1];
            at--;
        }
        keys[first + at] = key;
        if (counts[q] == k) {
            double limit = NearestKeys.score(keys[first + k - 1]) - margins[q];
            limits[q] = Math.nextDown((float) limit);
        }
    }

    /** Hands over the lists of the part. */
    void finish() {
        NearestCall nearest = call.nearest;
        for (int q = 0; q < nearest.queries; q++) {
            for (int i = 0; i < nearest.k; i++) {
                nearest.key(part, q, i, i < counts[q] ? keys[q * nearest.k + i] : NearestKeys.NONE);
            }
        }
    }

    /** Begins with the first of each list. */
    void startMerge(NearestCall nearest) {
        if (places.length < nearest.parts) {
            places = new int[nearest.parts];
        }
        Arrays.fill(places, 0, nearest.parts, 0);
    }

    /** The largest key of a query's lists that was not answered yet. */
    long next(NearestCall nearest, int q) {
        long largest = NearestKeys.NONE;
        int from = 0;
        for (int i = 0; i < nearest.parts; i++) {
            if (places[i] < nearest.k && nearest.key(i, q, places[i]) > largest) {
                largest = nearest.key(i, q, places[i]);
                from = i;
            }
        }
        places[from]++;
        return largest;
    }

    /**
     * Copies values of a tensor in 16 bits as floats.
     *
     * @param pairs the tensor's values, two at a time
     */
    void widen(Tensor from, IntBuffer pairs, int start, int count, FloatBuffer to, int toStart) {
        if (start % 2 != 0 || count % 2 != 0) {
            StoredRows.widen(from, start, count, to, toStart);
            return;
        }
        boolean bf16 = from.dtype() == DType.BF16;
        for (int at = 0; at < count; at += BLOCK) {
            int length = Math.min(BLOCK, count - at);
            pairs.get((start + at) / 2, words, 0, length / 2);
            if (bf16) {
                widenBf16(length / 2);
            } else if (!widenF16(length / 2)) {
                StoredRows.widen(from, start + at, length, to, toStart + at);
                continue;
            }
            // The low halves lie behind each other, and so do the high ones, until they are woven together here.
            asInts.put(0, low, 0, length / 2);
            asFloats.get(0, query, 0, length / 2);
            asInts.put(0, high, 0, length / 2);
            asFloats.get(0, row, 0, length / 2);
            weave(length / 2, bf16 ? 1f : F16_SCALE);
            to.put(toStart + at, woven, 0, length);
        }
    }

    private void weave(int length, float scale) {
        for (int i = 0; i < length; i++) {
            woven[2 * i] = query[i] * scale;
            woven[2 * i + 1] = row[i] * scale;
        }
    }

    private void widenBf16(int length) {
        for (int i = 0; i < length; i++) {
            low[i] = words[i] << 16;
            high[i] = words[i] & 0xFFFF_0000;
        }
    }

    /** False when a value is infinite or no number. */
    private boolean widenF16(int length) {
        int largest = 0;
        for (int i = 0; i < length; i++) {
            int word = words[i];
            low[i] = ((word & 0x8000) << 16) | ((word & 0x7FFF) << 13);
            high[i] = (word & 0x8000_0000) | ((word & 0x7FFF_0000) >>> 3);
        }
        for (int i = 0; i < length; i++) {
            largest = Math.max(largest, Math.max(low[i] & 0x7FFF_FFFF, high[i] & 0x7FFF_FFFF));
        }
        return largest < F16_INFINITY;
    }
}
