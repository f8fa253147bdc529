package org.clip4j.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Lines of a UTF-8 file or of standard input, one at a time, so that memory does not grow with the input. A byte order
 * mark is skipped, and {@code \r} before the line's end. For one thread; the owner closes it.
 */
final class Lines implements AutoCloseable {
    /** The name that stands for standard input. */
    static final String STDIN = "-";

    private static final int MAX_LINE_BYTES = 16 << 20;
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final InputStream in;
    private final String name;
    private final boolean live;
    private byte[] line = new byte[256];
    private int number;

    private Lines(InputStream in, String name, boolean live) {
        this.in = in;
        this.name = name;
        this.live = live;
    }

    /**
     * Opens a file, or standard input for {@value #STDIN}.
     *
     * @param option what names the file on the command line
     * @throws InputException when it is a folder
     */
    static Lines open(String option, String file, Console console) throws IOException {
        if (file.equals(STDIN)) {
            return new Lines(new BufferedInputStream(console.in()), "standard input", true);
        }
        Path path = InputFiles.path(option, file);
        InputFiles.refuseFolder(option, path);
        return new Lines(new BufferedInputStream(Files.newInputStream(path), 1 << 16), file, false);
    }

    /**
     * Whether the next line has yet to be written by whoever feeds standard input, who may first want the answers to
     * the lines before. False where the stream cannot tell.
     */
    boolean mustWait() {
        try {
            return live && number > 0 && in.available() == 0;
        } catch (IOException e) {
            // A read will say what is wrong.
            return false;
        }
    }

    /** Number of the line that was read last, from 1. */
    int number() {
        return number;
    }

    /** What a message says about the line that was read last. */
    String where() {
        return name + " line " + number;
    }

    /**
     * Returns the next line without its end, or null when there is none.
     *
     * @throws InputException when the line is not UTF-8 or too long; the line after it can be read
     */
    String next() throws IOException {
        long bytes = readLine();
        if (bytes < 0) {
            return null;
        }
        number++;
        if (bytes > MAX_LINE_BYTES) {
            throw new InputException("line is too long: file=" + name + " line=" + number + " bytes=" + bytes
                    + " maxBytes=" + MAX_LINE_BYTES + "; split it");
        }
        int length = (int) bytes;
        int start = number == 1 && Arrays.equals(line, 0, Math.min(3, length), BYTE_ORDER_MARK, 0, 3) ? 3 : 0;
        int end = length > start && line[length - 1] == '\r' ? length - 1 : length;
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line, start, end - start)).toString();
        } catch (CharacterCodingException e) {
            throw new InputException("line is not UTF-8: file=" + name + " line=" + number, e);
        }
    }

    /** Returns the line's length in bytes, of which no more than the limit are kept, or -1 at the end. */
    private long readLine() throws IOException {
        long length = 0;
        int value = in.read();
        if (value < 0) {
            return -1;
        }
        while (value >= 0 && value != '\n') {
            if (length < MAX_LINE_BYTES) {
                if (length == line.length) {
                    line = Arrays.copyOf(line, 2 * line.length);
                }
                line[(int) length] = (byte) value;
            }
            length++;
            value = in.read();
        }
        return length;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
