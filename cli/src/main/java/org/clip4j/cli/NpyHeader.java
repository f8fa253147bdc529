package org.clip4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of a NumPy {@code .npy} file, versions 1.0 to 3.0. Files are hostile: the header is matched as a whole, and
 * nothing in it is evaluated.
 *
 * <p>Source: numpy/lib/format.py.
 *
 * @param descr element type as NumPy spells it, {@code <f4} for little-endian f32
 * @param fortranOrder whether the first axis is the fastest
 * @param shape sizes of the axes, outermost first
 * @param dataStartBytes where the values begin
 */
record NpyHeader(String descr, boolean fortranOrder, List<Long> shape, long dataStartBytes) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int MAX_HEADER_BYTES = 10_000; // numpy/lib/format.py: _MAX_HEADER_SIZE
    private static final int MAX_AXES = 32;
    private static final Pattern ITEM = Pattern
            .compile("\\s*(['\"])(descr|fortran_order|shape)\\1\\s*:\\s*(?:(['\"])([^'\"]*)\\3|(True|False)"
                    + "|\\(\\s*((?:\\d{1,18}\\s*,\\s*){0,32}(?:\\d{1,18})?)\\s*\\))\\s*(,|(?=\\}))");

    /**
     * Reads a header from the start of a file.
     *
     * @param name for messages
     * @throws InputException when the file is not a sound npy file
     */
    static NpyHeader read(FileChannel channel, String name) throws IOException {
        ByteBuffer start = readFully(channel, 0, 10, name);
        for (int i = 0; i < MAGIC.length; i++) {
            if (start.get(i) != MAGIC[i]) {
                throw new InputException("not an npy file, its first bytes differ: file=" + name);
            }
        }
        int version = start.get(6);
        if (version < 1 || version > 3 || start.get(7) != 0) {
            throw new InputException("npy file has an unknown version: file=" + name + " expected=1.0, 2.0 or 3.0"
                    + " actual=" + (version & 0xFF) + "." + (start.get(7) & 0xFF));
        }
        int lengthBytes = version == 1 ? 2 : 4;
        long length = version == 1
                ? start.getShort(8) & 0xFFFF
                : readFully(channel, 8, 4, name).getInt(0) & 0xFFFF_FFFFL;
        if (length > MAX_HEADER_BYTES) {
            throw new InputException("npy header is too long: file=" + name + " expected<=" + MAX_HEADER_BYTES
                    + " actual=" + length);
        }
        ByteBuffer header = readFully(channel, 8 + lengthBytes, (int) length, name);
        String text = (version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1).decode(header).toString();
        return parse(text, 8 + lengthBytes + length, name);
    }

    private static ByteBuffer readFully(FileChannel channel, long position, int length, String name)
            throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, position + bytes.position()) < 0) {
                throw new InputException("npy file ends inside its header: file=" + name + " expectedBytes>="
                        + (position + length) + " actualBytes=" + channel.size());
            }
        }
        return bytes.flip();
    }

    private static NpyHeader parse(String text, long dataStartBytes, String name) {
        String body = text.strip();
        InputException unsound = new InputException("npy header cannot be read: file=" + name
                + " expected={'descr': '<f4', 'fortran_order': False, 'shape': (...), } actual=" + Console.brief(body));
        if (!body.startsWith("{") || !body.endsWith("}")) {
            throw unsound;
        }
        String descr = null;
        Boolean fortranOrder = null;
        List<Long> shape = null;
        Matcher item = ITEM.matcher(body).region(1, body.length());
        int end = 1;
        while (item.lookingAt()) {
            switch (item.group(2)) {
                case "descr" -> descr = once(descr, item.group(4), unsound);
                case "fortran_order" -> fortranOrder = once(fortranOrder,
                        item.group(5) == null ? null : item.group(5).equals("True"), unsound);
                default -> shape = once(shape, axes(item.group(6)), unsound);
            }
            end = item.end();
            item.region(end, body.length());
        }
        boolean complete = body.substring(end).strip().equals("}");
        if (!complete || descr == null || fortranOrder == null || shape == null || shape.size() > MAX_AXES) {
            throw unsound;
        }
        return new NpyHeader(descr, fortranOrder, shape, dataStartBytes);
    }

    private static <T> T once(T before, T value, InputException unsound) {
        if (before != null || value == null) {
            throw unsound;
        }
        return value;
    }

    private static List<Long> axes(String numbers) {
        if (numbers == null) {
            return null;
        }
        List<Long> axes = new ArrayList<>();
        for (String number : numbers.split(",", -1)) {
            if (!number.isBlank()) {
                axes.add(Long.valueOf(number.strip()));
            }
        }
        return axes;
    }
}
