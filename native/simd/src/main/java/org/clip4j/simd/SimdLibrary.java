package org.clip4j.simd;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;
import org.clip4j.kernels.Activation;

/**
 * The library's functions; src/main/cpp/kernels.h says what their arguments mean. They trust them: addresses and sizes are
 * checked where operands are bound. Thread-safe, and each call runs on the calling thread alone.
 */
@Platform(library = SimdLibrary.NAME)
final class SimdLibrary {
    static final String NAME = "clip4jsimd";

    private SimdLibrary() {}

    /** Whether the class path has the library for this platform: a build without a C++ compiler has none. */
    static boolean isBuilt() {
        return SimdLibrary.class.getResource(Loader.getPlatform() + "/" + System.mapLibraryName(NAME)) != null;
    }

    /** The fastest kernels that the processor can run, of those up to a level of {@link InstructionSet}. */
    static native long kernels(int level);

    /** The instruction set that kernels are made for. */
    static native String name(long kernels);

    /** The number of the layout that {@link #pack} gives weights; another one wherever it differs. */
    static native int packingVersion();

    /** Columns of a panel of packed weights. */
    static native int panelColumns(long kernels);

    /** Floats of scratch of {@link #product}. */
    static native int productScratchFloats();

    /** A block of zeroed memory that begins at a huge page, a multiple of 64 kB; 0 when there is none. */
    static native long map(long bytes);

    /** Frees a block of {@link #map}. */
    static native void unmap(long address, long bytes);

    /** A view of native memory, which it does not own. */
    static native ByteBuffer buffer(long address, long bytes);

    /**
     * Processors that the process's first thread may run on, or the calling one; none when the system does not say.
     */
    static native int[] affinity(boolean first);

    /** Lets the calling thread run on these processors only; 0, or the system's error code. */
    static native int bindThread(int[] processors);

    /** Packs panels of a layer's weights, and in INT8 sets their columns' scales. */
    static native void pack(long kernels, int form, int type, long weights, int depth, int columns, int firstPanel,
            int lastPanel, long packed, long scales);

    /** Computes panels of a layer for all rows. */
    static native void linear(long kernels, int form, int activation, long weights, long bias, long scales, int depth,
            int columns, int firstPanel, int lastPanel, long x, long xStride, long xScales, long out, long outStride,
            int rows, boolean add);

    /**
     * Computes panels of a convolution for some output pixels, which are counted through all images.
     *
     * @param out of the first of them
     */
    static native void convolve(long kernels, boolean channelsLast, int height, int width, int channels, int kernel,
            int stride, int padding, int outHeight, int outWidth, int activation, long weights, long bias, int columns,
            int firstPanel, int lastPanel, long x, long out, long outStride, int firstRow, int lastRow, boolean add);

    /** Brings rows to 16 bits, with a scale for each, for layers of INT8. */
    static native void quantize(long kernels, long x, long xStride, int rows, int columns, long out, long outStride,
            long scales);

    /** Multiplies two matrices. */
    static native void product(long kernels, long a, long aStride, boolean transposeA, long b, long bStride,
            boolean transposeB, long c, long cStride, int m, int n, int k, float scale, boolean add, long scratch);

    /** Layer norm of rows. */
    static native void layerNorm(long kernels, long x, long xStride, long out, long outStride, int rows, int columns,
            long gain, long bias, float epsilon);

    /** Rows divided by their L2 norm. */
    static native void l2Normalize(long kernels, long x, long xStride, long out, long outStride, int rows,
            int columns);

    /** Floats of scratch of {@link #attention}, for segments of up to so many keys and so many integers about them. */
    static native long attentionFloats(long kernels, int headWidth, int keys, int integers);

    /**
     * Attention of pairs of segment and head. The integers that are copied to scratch are the offsets of the pairs'
     * segments, an end to each, and the rows of their keys.
     *
     * @param keyRows null when key i is row i
     */
    static native void attention(long kernels, int heads, int headWidth, boolean causal, float scale, long q,
            long qStride, long k, long kStride, long v, long vStride, long out, long outStride, int[] queryOffsets,
            int[] keyOffsets, int[] keyRows, int firstPair, int lastPair, long scratch);

    /** What follows a product, which may lie in the output's place; scales and bias may be 0. */
    static native void epilogue(long kernels, long x, long xStride, long scales, long out, long outStride, int rows,
            int columns, long bias, int activation, boolean add);

    /** Rows to bf16, adjoining ones. */
    static native void toBf16(long kernels, long x, long xStride, int rows, int columns, long out);

    /** Rows to bytes around 128, adjoining ones, and a scale for each. */
    static native void toBytes(long kernels, long x, long xStride, int rows, int columns, long out, long scales);

    /**
     * Packs the weights of an axis.
     *
     * @param weights first inputs, numbers of taps, starts and weights, one after another
     * @param paddedTaps the most taps of an output, up to a multiple of {@link SimdAxis#TAPS_MULTIPLE}
     * @param columns whether it is the horizontal axis
     */
    static native void packAxis(long kernels, long weights, int count, int paddedTaps, boolean columns, long packed);

    /** Resamples pixels of a direct buffer to planes in another. */
    static native void resample(long kernels, ByteBuffer samples, long firstPixel, int rowStride, int pixelStride,
            int red, int green, int blue, int fromColumn, int toColumn, int toRow, int size, long columns,
            int columnTaps, long packedColumns, long rows, int rowTaps, long packedRows, long ring, int ringRows,
            int ringStride, long row, long unpacked, int unpackedStride, long levels, FloatBuffer planes, int offset);

    /** Floats of scratch of a search. */
    static native int searchScratchFloats(long kernels, int queries, int width);

    /** Empties the lists of a search and packs its queries. */
    static native void beginSearch(long kernels, long x, long xStride, int queries, int width, int k, long keys,
            long scratch, long xCodes, long xScales);

    /** Passes rows by queries, or their codes where these are given. */
    static native void search(long kernels, int type, long rows, int firstRow, int rowCount, int width, long x,
            long xStride, int queries, int k, long margins, long keys, long scratch, long codes, long scales,
            long xCodes, long xScales);

    /** Reads floats, and answers roughly their sum. */
    static native float readAll(long kernels, long values, long count);

    /** Multiplies and adds in vector registers. */
    static native float multiplyRounds(long kernels, long rounds);

    /** Operations of a round of {@link #multiplyRounds}. */
    static native long roundOperations(long kernels);

    /** The number that stands for an activation: functions.h. */
    static int number(Activation activation) {
        return switch (activation) {
            case NONE -> 0;
            case RELU -> 1;
            case QUICK_GELU -> 2;
            case GELU -> 3;
        };
    }
}
