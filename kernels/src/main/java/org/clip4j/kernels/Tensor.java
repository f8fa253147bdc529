package org.clip4j.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * A shaped, row-major view of off-heap memory in little-endian order. A tensor never owns: whoever allocated the memory
 * (an {@link Arena}, a mapped file, the caller) frees it, and the view is invalid from then on.
 *
 * <p>The memory may be a device's, which only that device can reach: such a tensor has an address and no bytes, and is
 * filled and read through {@link ExecutionContext#upload} and {@link ExecutionContext#download}.
 *
 * <p>Every tensor can be looked at as a matrix of {@link #rows()} rows of {@link #columns()} values: the last axis is
 * the columns, all others together the rows. Rows of a {@linkplain #columns(int, int) column view} lie
 * {@link #rowStride()} elements apart; in every other tensor they follow each other.
 *
 * <p>Immutable, apart from the memory it looks at; that is not synchronised.
 */
public final class Tensor {
    /** The address of memory of which only the JDK knows where it lies. */
    public static final long NO_ADDRESS = 0;

    private final ByteBuffer bytes;
    private final FloatBuffer floats;
    private final DType dtype;
    private final long address;
    private final int[] shape;
    private final int rows;
    private final int rowStride;

    private Tensor(ByteBuffer bytes, DType dtype, long address, int rowStride, int[] shape) {
        this.bytes = bytes;
        this.floats = dtype == DType.F32 && bytes != null ? bytes.asFloatBuffer() : null;
        this.dtype = dtype;
        this.address = address;
        this.shape = shape;
        this.rows = countRows(shape);
        this.rowStride = rowStride;
    }

    /**
     * A contiguous view of all bytes that remain in a buffer.
     *
     * @param bytes the memory, from position to limit; direct or mapped where a native backend is to use it
     * @param address the native address of the first byte, or {@link #NO_ADDRESS}
     * @param shape sizes of the axes, outermost first; empty for a scalar
     * @throws IllegalArgumentException when the number of bytes is not that of the shape
     * @throws ArithmeticException when the shape has more than 2^31 - 1 rows, or 2^63 bytes and more
     */
    public static Tensor of(ByteBuffer bytes, DType dtype, long address, int... shape) {
        long expectedBytes = sizeBytes(dtype, shape);
        if (expectedBytes != bytes.remaining()) {
            throw new IllegalArgumentException("buffer does not fit the tensor: shape=" + Arrays.toString(shape)
                    + " dtype=" + dtype + " expectedBytes=" + expectedBytes + " actualBytes=" + bytes.remaining());
        }
        int last = shape.length == 0 ? 1 : shape[shape.length - 1];
        return new Tensor(bytes.slice().order(ByteOrder.LITTLE_ENDIAN), dtype, address, last, shape.clone());
    }

    /**
     * A contiguous view of a device's memory.
     *
     * @param address of the first byte, as the device counts
     */
    public static Tensor onDevice(DType dtype, long address, int... shape) {
        Math.multiplyExact(countRows(shape), shape.length == 0 ? 1 : shape[shape.length - 1]);
        int last = shape.length == 0 ? 1 : shape[shape.length - 1];
        return new Tensor(null, dtype, address, last, shape.clone());
    }

    /**
     * A tensor in the JDK's own direct memory, zeroed; freed when it is no longer reachable.
     *
     * @throws ArithmeticException when it would be 2 GB or larger
     */
    public static Tensor allocate(DType dtype, int... shape) {
        int sizeBytes = Math.toIntExact(sizeBytes(dtype, shape));
        return of(ByteBuffer.allocateDirect(sizeBytes), dtype, NO_ADDRESS, shape);
    }

    /**
     * Number of elements of a shape.
     *
     * @throws IllegalArgumentException on a negative size
     * @throws ArithmeticException when the product does not fit a long
     */
    public static long elements(int... shape) {
        long product = 1;
        for (int size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("negative size in a shape: shape=" + Arrays.toString(shape));
            }
            product = Math.multiplyExact(product, (long) size);
        }
        return product;
    }

    /** Bytes that a shape takes. */
    static long sizeBytes(DType dtype, int... shape) {
        return Math.multiplyExact(elements(shape), (long) dtype.sizeBytes());
    }

    private static int countRows(int[] shape) {
        int rows = 1;
        for (int axis = 0; axis < shape.length - 1; axis++) {
            rows = Math.multiplyExact(rows, shape[axis]);
        }
        return rows;
    }

    /** Element type. */
    public DType dtype() {
        return dtype;
    }

    /** Sizes of the axes, outermost first, as a copy. */
    public int[] shape() {
        return shape.clone();
    }

    /** Number of axes. */
    public int rank() {
        return shape.length;
    }

    /** Size of one axis, 0 being the outermost. */
    public int size(int axis) {
        return shape[axis];
    }

    /** Size of the last axis; 1 for a scalar. */
    public int columns() {
        return shape.length == 0 ? 1 : shape[shape.length - 1];
    }

    /** Product of all axes but the last. */
    public int rows() {
        return rows;
    }

    /** Number of elements. */
    public int elements() {
        return rows * columns();
    }

    /** Distance in elements between the starts of two neighbouring rows. */
    public int rowStride() {
        return rowStride;
    }

    /** False for a view of some columns of several rows. */
    public boolean isContiguous() {
        return rowStride == columns() || rows <= 1;
    }

    /**
     * The memory as bytes, little-endian, index 0 being the tensor's first element. Use absolute access only: position
     * and limit are shared by all users of this tensor.
     *
     * @throws IllegalStateException when the memory is a device's
     */
    public ByteBuffer bytes() {
        if (bytes == null) {
            throw new IllegalStateException("tensor lies in a device's memory: tensor=" + this
                    + "; download it through an execution context");
        }
        return bytes;
    }

    /**
     * The memory as floats; absolute access only.
     *
     * @throws IllegalStateException when the tensor is not F32, or the memory is a device's
     */
    public FloatBuffer floats() {
        if (floats == null) {
            bytes();
            throw new IllegalStateException("tensor is not f32: dtype=" + dtype + " shape=" + Arrays.toString(shape));
        }
        return floats;
    }

    /** True when the memory is a device's, so that there are no {@link #bytes()}. */
    public boolean isOnDevice() {
        return bytes == null;
    }

    /** Native address of the first element, or {@link #NO_ADDRESS}. */
    public long address() {
        return address;
    }

    /** The same memory, now with its native address known; for backends whose library can find it out. */
    public Tensor withAddress(long nativeAddress) {
        return new Tensor(bytes, dtype, nativeAddress, rowStride, shape);
    }

    /** The same memory under another shape of as many elements. */
    public Tensor reshape(int... newShape) {
        if (elements(newShape) != elements(shape) || !isContiguous()) {
            throw new IllegalArgumentException("cannot reshape: from=" + Arrays.toString(shape) + " to="
                    + Arrays.toString(newShape) + " contiguous=" + isContiguous());
        }
        return bytes == null
                ? onDevice(dtype, address, newShape)
                : of(bytes.duplicate().clear(), dtype, address, newShape);
    }

    /** The first elements of a contiguous tensor under another shape, for memory that several tensors use in turn. */
    public Tensor prefix(int... newShape) {
        int count = (int) Math.min(Integer.MAX_VALUE, elements(newShape));
        if (count > elements() || !isContiguous()) {
            throw new IllegalArgumentException("cannot be a prefix: of=" + Arrays.toString(shape) + " prefix="
                    + Arrays.toString(newShape) + " contiguous=" + isContiguous());
        }
        return bytes == null
                ? onDevice(dtype, address, newShape)
                : of(bytes.slice(0, count * dtype.sizeBytes()), dtype, address, newShape);
    }

    /** Rows {@code from} (inclusive) to {@code to} (exclusive) as a matrix [to - from, columns]. */
    public Tensor rows(int from, int to) {
        checkRange("row", from, to, rows);
        // Behind the last row of a column view there may be no memory for another one to start in.
        int first = from == to ? 0 : from * rowStride;
        int end = from == to ? 0 : (to - 1) * rowStride + columns();
        return view(first, end, to - from, columns());
    }

    /** Columns {@code from} (inclusive) to {@code to} (exclusive) of all rows, as a strided matrix. */
    public Tensor columns(int from, int to) {
        checkRange("column", from, to, columns());
        int first = rows == 0 ? 0 : from;
        int end = rows == 0 ? 0 : (rows - 1) * rowStride + to;
        return view(first, end, rows, to - from);
    }

    private Tensor view(int firstElement, int endElement, int rows, int columns) {
        int size = dtype.sizeBytes();
        ByteBuffer part = bytes == null
                ? null
                : bytes.slice(firstElement * size, (endElement - firstElement) * size)
                        .order(ByteOrder.LITTLE_ENDIAN);
        long partAddress = address == NO_ADDRESS ? NO_ADDRESS : address + (long) firstElement * size;
        return new Tensor(part, dtype, partAddress, rowStride, new int[]{rows, columns});
    }

    private static void checkRange(String what, int from, int to, int size) {
        if (from < 0 || to < from || to > size) {
            throw new IndexOutOfBoundsException(
                    what + " range out of bounds: from=" + from + " to=" + to + " size=" + size);
        }
    }

    /**
     * One element as a double; integers and half-precision types are widened. Slow: for tests, conversion of small
     * tensors and the reference backend.
     *
     * @param index position in memory, so that element (row, column) is {@code row * rowStride() + column}
     */
    public double get(int index) {
        int at = Math.multiplyExact(index, dtype.sizeBytes());
        bytes();
        return switch (dtype) {
            case F64 -> bytes.getDouble(at);
            case F32 -> bytes.getFloat(at);
            case F16 -> HalfPrecision.f16ToF32(bytes.getShort(at));
            case BF16 -> HalfPrecision.bf16ToF32(bytes.getShort(at));
            case I64 -> bytes.getLong(at);
            case I32 -> bytes.getInt(at);
            case I16 -> bytes.getShort(at);
            case I8 -> bytes.get(at);
            case U8, BOOL -> bytes.get(at) & 0xFF;
        };
    }

    /**
     * Element of the matrix view.
     *
     * @throws IndexOutOfBoundsException for a row or column that it does not have
     */
    public double get(int row, int column) {
        return get(index(row, column));
    }

    /**
     * Elements as floats; faster than one at a time, above all before the JIT compiler has come to it.
     *
     * @param index position in memory of the first
     * @param to receives them from {@code start} on
     */
    public void read(int index, float[] to, int start, int count) {
        if (dtype == DType.F32) {
            floats().get(index, to, start, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            to[start + i] = (float) get(index + i);
        }
    }

    /**
     * Stores floats in an F32 tensor.
     *
     * @param index position in memory of the first
     * @throws IllegalStateException for a tensor of another type
     */
    public void write(int index, float[] from, int start, int count) {
        floats().put(index, from, start, count);
    }

    /**
     * Stores one element, rounded to nearest even in the tensor's floating-point type.
     *
     * @throws IllegalStateException for an integer tensor
     */
    public void set(int index, double value) {
        int at = Math.multiplyExact(index, dtype.sizeBytes());
        bytes();
        switch (dtype) {
            case F64 -> bytes.putDouble(at, value);
            case F32 -> bytes.putFloat(at, (float) value);
            case F16 -> bytes.putShort(at, HalfPrecision.f32ToF16(HalfPrecision.roundToOdd(value)));
            case BF16 -> bytes.putShort(at, HalfPrecision.f32ToBf16(HalfPrecision.roundToOdd(value)));
            default -> throw new IllegalStateException("cannot store a real number: dtype=" + dtype);
        }
    }

    /**
     * Stores one element of the matrix view.
     *
     * @throws IndexOutOfBoundsException for a row or column that it does not have
     */
    public void set(int row, int column, double value) {
        set(index(row, column), value);
    }

    private int index(int row, int column) {
        return Objects.checkIndex(row, rows) * rowStride + Objects.checkIndex(column, columns());
    }

    @Override
    public String toString() {
        return dtype + Arrays.toString(shape);
    }
}
