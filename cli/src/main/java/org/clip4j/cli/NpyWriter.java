package org.clip4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Writes arrays as NumPy's {@code .npy}, version 1.0, C order. The first axis may grow while rows come: its length is
 * written in {@link #commit}. The file appears whole or not at all. For one thread.
 *
 * <p>Source: numpy/lib/format.py.
 */
final class NpyWriter implements AutoCloseable {
    /** Magic, version, header length and header: a multiple of 64, with room for any shape of four axes. */
    private static final int HEADER_BYTES = 128;

    /** NumPy's name of little-endian f32. */
    static final String F32 = "<f4";
    /** NumPy's name of u8. */
    static final String U8 = "|u1";

    private final AtomicFile file;
    private final String descr;
    private final int[] rowShape;
    private ByteBuffer row = ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
    private long rows;

    private NpyWriter(AtomicFile file, String descr, int[] rowShape) {
        this.file = file;
        this.descr = descr;
        this.rowShape = rowShape;
    }

    /** Starts an array of shape [rows, rowShape...]. */
    static NpyWriter create(Path path, String descr, int... rowShape) throws IOException {
        NpyWriter writer = new NpyWriter(AtomicFile.create(path), descr, rowShape);
        try {
            writer.file.append(writer.header());
            return writer;
        } catch (IOException e) {
            writer.close();
            throw e;
        }
    }

    /** Writes a whole array whose first axis is the first of {@code shape}. */
    static void write(Path path, String descr, ByteBuffer littleEndian, int... shape) throws IOException {
        try (NpyWriter writer = create(path, descr, Arrays.copyOfRange(shape, 1, shape.length))) {
            writer.file.append(littleEndian);
            writer.rows = shape[0];
            writer.commit();
        }
    }

    /** Appends a row of f32. */
    void append(float[] values) throws IOException {
        if (row.capacity() != Float.BYTES * values.length) {
            row = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        }
        row.clear();
        row.asFloatBuffer().put(values);
        file.append(row);
        rows++;
    }

    /** Rows so far. */
    long rows() {
        return rows;
    }

    /** Puts the file in its place. */
    void commit() throws IOException {
        file.overwrite(header(), 0);
        file.commit();
    }

    private ByteBuffer header() {
        String axes = Arrays.stream(rowShape).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        String dictionary = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (" + rows
                + (rowShape.length == 0 ? ",)" : ", " + axes + ")") + ", }";
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.fill(header.array(), (byte) ' ');
        header.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 0);
        header.putShort((short) (HEADER_BYTES - header.position() - Short.BYTES));
        header.put(dictionary.getBytes(StandardCharsets.US_ASCII));
        header.put(HEADER_BYTES - 1, (byte) '\n');
        return header.position(0);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
