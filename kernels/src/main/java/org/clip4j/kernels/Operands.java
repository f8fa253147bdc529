package org.clip4j.kernels;

import java.util.Arrays;
import java.util.Objects;

/**
 * Checks of what a backend is given, the same for every backend: in full when an operation is prepared, and of the bounds
 * only when it runs, so that a session with buffers too small gets an exception and not the neighbour's memory. Allocates
 * only when it throws. Stateless.
 */
public final class Operands {
    /** Columns of a row to search in: more than any CLIP's embedding by far, and a query still fits a card's multiprocessor. */
    private static final int MAX_ROW_WIDTH = 4096;
    /** So that row numbers can be stepped over in tiles without overflow. */
    private static final int MAX_NEAREST_ROWS = 1 << 30;

    private Operands() {}

    /**
     * Checks an operand of {@link Backend#linear}.
     *
     * @throws IllegalArgumentException when the weight is not a matrix of real numbers, or the bias has another length
     */
    public static void checkLinear(Tensor weight, Tensor bias) {
        requireRank("weight", weight, 2);
        requireBias("bias", bias, weight.size(0));
    }

    /**
     * Checks the operands of {@link Backend#convolution}.
     *
     * @throws IllegalArgumentException when weight or bias do not have the shape that the geometry asks for
     */
    public static void checkConvolution(ConvolutionShape shape, Tensor weight, Tensor bias) {
        requireShape("weight", weight, shape.outChannels(), shape.inChannels(), shape.kernel(), shape.kernel());
        requireBias("bias", bias, shape.outChannels());
    }

    /**
     * Checks the operands of {@link Backend#convolution(Arena, ConvolutionShape, PackedWeights, Activation)}.
     *
     * @throws IllegalArgumentException when the weights have not the shape's sizes, or are not held in f32
     */
    public static void checkPackedConvolution(ConvolutionShape shape, PackedWeights packed) {
        if (packed.inFeatures() != shape.patchLength() || packed.outFeatures() != shape.outChannels()
                || packed.precision() != Precision.F32) {
            throw new IllegalArgumentException("packed weights do not fit the convolution: shape=" + shape
                    + " inFeatures=" + packed.inFeatures() + " outFeatures=" + packed.outFeatures() + " precision="
                    + packed.precision().label());
        }
    }

    /**
     * Checks one of the tensors of {@link PackedWeights}.
     *
     * @throws IllegalArgumentException when there is no tensor of that number, or it has another type or size
     */
    public static Tensor requirePacked(PackedWeights packed, int index, DType dtype, long elements) {
        Tensor tensor = index < packed.tensors().size() ? packed.tensors().get(index) : null;
        if (tensor == null || tensor.dtype() != dtype || tensor.elements() != elements) {
            throw new IllegalArgumentException("packed weights do not fit the layer: inFeatures="
                    + packed.inFeatures() + " outFeatures=" + packed.outFeatures() + " precision="
                    + packed.precision().label() + " tensor=" + index + " expected=" + dtype + "[" + elements
                    + "] actual=" + tensor);
        }
        return tensor;
    }

    /**
     * Checks the operands of {@link Backend#layerNorm}.
     *
     * @throws IllegalArgumentException when gain and bias are not vectors of one length
     */
    public static void checkLayerNorm(Tensor gain, Tensor bias, float epsilon) {
        requireRank("gain", gain, 1);
        requireShape("bias", bias, gain.size(0));
        if (!(epsilon >= 0)) {
            throw new IllegalArgumentException("epsilon must not be negative: epsilon=" + epsilon);
        }
    }

    /**
     * Checks the operands of {@link Backend#imageTokens}.
     *
     * @throws IllegalArgumentException when the positions are not a matrix, or the class token has another width
     */
    public static void checkImageTokens(Tensor classEmbedding, Tensor positions) {
        requireRank("positions", positions, 2);
        requireShape("classEmbedding", classEmbedding, positions.size(1));
    }

    /**
     * Checks the operand of {@link Backend#meanToken}.
     *
     * @throws IllegalArgumentException when the positions are not a matrix of at least 2 rows
     */
    public static void checkMeanToken(Tensor positions) {
        requireRank("positions", positions, 2);
        if (positions.size(0) < 2) {
            throw new IllegalArgumentException("operand has too few rows: name=positions expected>=2 actual="
                    + positions.size(0));
        }
    }

    /**
     * Checks the operands of {@link Backend#tokenEmbedding}.
     *
     * @throws IllegalArgumentException when table and positions are not matrices of one width
     */
    public static void checkTokenEmbedding(Tensor table, Tensor positions) {
        requireRank("table", table, 2);
        requireRank("positions", positions, 2);
        requireShape("positions", positions, positions.size(0), table.size(1));
    }

    /**
     * Checks the arguments of {@link Backend#averagePool}.
     *
     * @throws IllegalArgumentException when one is not positive, or the sides are no multiples of the kernel
     */
    public static void checkAveragePool(int height, int width, int channels, int kernel) {
        requirePositive("height", height);
        requirePositive("width", width);
        requirePositive("channels", channels);
        requirePositive("kernel", kernel);
        if (height % kernel != 0 || width % kernel != 0) {
            throw new IllegalArgumentException("image is not a whole number of kernels: height=" + height + " width="
                    + width + " kernel=" + kernel);
        }
    }

    /**
     * Checks the arguments of {@link Backend#nearestRows}.
     *
     * @throws IllegalArgumentException when there are no columns or rows, or too many, or the type is not one that rows can
     *         be stored in
     */
    public static void checkNearestRows(int width, int capacityRows, DType stored) {
        requirePositive("width", width);
        requirePositive("capacityRows", capacityRows);
        if (width > MAX_ROW_WIDTH || capacityRows > MAX_NEAREST_ROWS) {
            throw new IllegalArgumentException("rows are too many or too wide: width=" + width + " limit="
                    + MAX_ROW_WIDTH + " capacityRows=" + capacityRows + " limit=" + MAX_NEAREST_ROWS);
        }
        if (stored != DType.F32 && stored != DType.F16 && stored != DType.BF16) {
            throw new IllegalArgumentException("rows cannot be stored in this type: stored=" + stored
                    + " expected=F32, F16 or BF16");
        }
    }

    /**
     * Checks what is about to be stored.
     *
     * @param fixed whether the rows were there when they were prepared
     * @throws UnsupportedOperationException when they were
     * @throws IllegalArgumentException when rows do not fit, or have a type that is neither F32 nor the stored one
     */
    public static void checkNearestSet(NearestRows target, boolean fixed, int firstRow, Tensor rows, int count) {
        if (fixed) {
            throw new UnsupportedOperationException("rows that were there already cannot be set: firstRow=" + firstRow
                    + " count=" + count);
        }
        requireMatrix("rows", rows, count, target.width());
        if (firstRow < 0 || firstRow > target.capacityRows() - count) {
            throw new IllegalArgumentException("there is no memory for these rows: firstRow=" + firstRow + " count="
                    + count + " capacityRows=" + target.capacityRows());
        }
        if (rows.dtype() != target.stored()) {
            requireType("rows", rows, DType.F32);
        }
    }

    /**
     * Checks what a search is about to read and write.
     *
     * @throws IllegalArgumentException when a matrix is too small or of another type, or so many rows cannot be found
     */
    public static void checkNearest(NearestRows target, Tensor queries, int count, int rows, int k, Tensor scores,
            Tensor indices) {
        requireMatrix("queries", queries, count, target.width());
        requireType("queries", queries, DType.F32);
        if (rows < 0 || rows > target.capacityRows()) {
            throw new IllegalArgumentException("there are not as many rows: rows=" + rows + " capacityRows="
                    + target.capacityRows());
        }
        if (k < 1 || k > NearestRows.MAX_NEAREST || k > rows) {
            throw new IllegalArgumentException("so many nearest rows cannot be found: k=" + k + " limit="
                    + NearestRows.MAX_NEAREST + " rows=" + rows);
        }
        requireMatrix("scores", scores, count, k);
        requireType("scores", scores, DType.F32);
        requireMatrix("indices", indices, count, k);
        requireType("indices", indices, DType.I32);
    }

    /**
     * Checks that a tensor holds whole numbers, one after the other.
     *
     * @throws IllegalArgumentException when it is a view of some columns, or of another type than I32
     * @throws IndexOutOfBoundsException when it has fewer
     */
    public static void requireNumbers(String name, Tensor tensor, int count) {
        requireContiguous(name, tensor);
        requireType(name, tensor, DType.I32);
        Objects.checkFromIndexSize(0, count, tensor.elements());
    }

    private static void requireType(String name, Tensor tensor, DType expected) {
        if (tensor.dtype() != expected) {
            throw new IllegalArgumentException("operand has wrong type: name=" + name + " expected=" + expected
                    + " actual=" + tensor.dtype());
        }
    }

    /**
     * Checks a size.
     *
     * @throws IllegalArgumentException when it is below 1
     */
    public static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("size must be at least 1: " + name + "=" + value);
        }
    }

    private static void requireBias(String name, Tensor bias, int length) {
        if (bias != null) {
            requireShape(name, bias, length);
        }
    }

    private static void requireRank(String name, Tensor tensor, int rank) {
        if (tensor.rank() != rank) {
            throw new IllegalArgumentException("operand has wrong rank: name=" + name + " expected=" + rank + " actual="
                    + Arrays.toString(tensor.shape()));
        }
        requireWeights(name, tensor);
    }

    private static void requireShape(String name, Tensor tensor, int... expected) {
        if (!Arrays.equals(tensor.shape(), expected)) {
            throw new IllegalArgumentException("operand has wrong shape: name=" + name + " expected="
                    + Arrays.toString(expected) + " actual=" + Arrays.toString(tensor.shape()));
        }
        requireWeights(name, tensor);
    }

    private static void requireWeights(String name, Tensor tensor) {
        if (!tensor.dtype().isFloatingPoint()) {
            throw new IllegalArgumentException("operand is not of a floating-point type: name=" + name + " dtype="
                    + tensor.dtype());
        }
        if (tensor.elements() == 0) {
            throw new IllegalArgumentException("operand is empty: name=" + name + " shape="
                    + Arrays.toString(tensor.shape()));
        }
        requireContiguous(name, tensor);
    }

    /**
     * Checks that a tensor holds a matrix that an operation is about to read or write; further rows and columns are
     * allowed.
     *
     * @throws IllegalArgumentException when it has fewer rows or columns, or there is a negative number of rows
     */
    public static void requireMatrix(String name, Tensor tensor, long rows, int columns) {
        if (rows < 0 || tensor.rows() < rows || tensor.columns() < columns) {
            throw new IllegalArgumentException("operand is too small: name=" + name + " expected=[" + rows + ","
                    + columns + "] actual=[" + tensor.rows() + "," + tensor.columns() + "]");
        }
    }

    /**
     * Checks that a tensor holds images, one after the other.
     *
     * @throws IllegalArgumentException when it has too few elements, or is a view of some columns
     */
    public static void requireImages(String name, Tensor tensor, int images, long elementsPerImage) {
        requireContiguous(name, tensor);
        if (images < 0 || tensor.elements() < images * elementsPerImage) {
            throw new IllegalArgumentException("operand is too small: name=" + name + " images=" + images
                    + " elementsPerImage=" + elementsPerImage + " actual=" + tensor.elements());
        }
    }

    /**
     * Checks that rows follow each other without gaps.
     *
     * @throws IllegalArgumentException for a view of some columns
     */
    public static void requireContiguous(String name, Tensor tensor) {
        if (!tensor.isContiguous()) {
            throw new IllegalArgumentException("operand is a view of some columns: name=" + name + " shape="
                    + Arrays.toString(tensor.shape()) + " rowStride=" + tensor.rowStride());
        }
    }

    /**
     * Checks what a resampler of n x n results is about to read.
     *
     * @throws IllegalArgumentException when pixels are missing, or an axis has another number of outputs
     */
    public static void checkResample(PixelView pixels, ResampleAxis columns, ResampleAxis rows, int n) {
        if (columns.count() != n || rows.count() != n
                || !pixels.has(columns.from(), columns.to(), rows.from(), rows.to())) {
            throw new IllegalArgumentException("pixels do not have what the axes need: columns=" + columns.from() + ".."
                    + columns.to() + " rows=" + rows.from() + ".." + rows.to() + " outputs=" + columns.count() + "x"
                    + rows.count() + " size=" + n + " pixels=" + pixels);
        }
    }

    /**
     * Checks what an attention is about to read and write.
     *
     * @throws IllegalArgumentException when a matrix is too small
     */
    public static void checkAttention(AttentionInput input, int width, Tensor out) {
        int segments = input.segments();
        if (segments == 0) {
            return;
        }
        requireMatrix("queries", input.queries(), input.queryOffset(segments), width);
        requireMatrix("keys", input.keys(), input.keyRowEnd(), width);
        requireMatrix("values", input.values(), input.keyRowEnd(), width);
        requireMatrix("out", out, input.queryOffset(segments), width);
    }

    /**
     * Checks tokens before they are looked up.
     *
     * @throws IllegalArgumentException when an id is not in the table, or a place is behind the last position
     */
    public static void checkTokens(int[] ids, int[] places, int tokens, int vocabulary, int contextLength) {
        if (tokens < 0 || ids.length < tokens || places.length < tokens) {
            throw new IllegalArgumentException("there are not as many tokens: tokens=" + tokens + " ids=" + ids.length
                    + " places=" + places.length);
        }
        for (int i = 0; i < tokens; i++) {
            if (ids[i] < 0 || ids[i] >= vocabulary) {
                throw new IllegalArgumentException("token id is outside the vocabulary: index=" + i + " id=" + ids[i]
                        + " vocabulary=" + vocabulary);
            }
            if (places[i] < 0 || places[i] >= contextLength) {
                throw new IllegalArgumentException("token is outside the context: index=" + i + " place=" + places[i]
                        + " contextLength=" + contextLength);
            }
        }
    }
}
