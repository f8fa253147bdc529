package org.clip4j.text;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads the lines of a merges file: maybe a header, then two tokens per line in {@link ByteAlphabet}'s characters. Every byte
 * is checked, since the file may be anything. One thread at a time.
 */
final class MergeLines {
    /** Longest line; the real file's longest has about 40 bytes. */
    private static final int MAX_LINE_BYTES = 1024;
    private static final int GZIP_MAGIC = 0x8B1F;

    private final byte[] text;
    private final int length;
    private final String source;
    private final int count;
    private int position;
    private int line;

    /**
     * Starts before the first merge.
     *
     * @param header whether the first line is one, as in vocabulary files; the merges of a model file have none
     */
    MergeLines(byte[] text, int maxMerges, boolean header, String source) {
        this.text = text;
        this.length = text.length;
        this.source = source;
        if (header) {
            skipHeader();
        }
        count = Math.min(maxMerges, countLines());
    }

    /** Number of merges. */
    int count() {
        return count;
    }

    /**
     * Writes the bytes of the next line's tokens, one after the other, and returns the length of the first. Called at most
     * {@link #count()} times.
     */
    int writeNext(TokenTable target) {
        line++;
        int first = writeToken(target);
        if (position >= length || text[position] != ' ') {
            throw invalid("expected a space and a second token");
        }
        position++;
        writeToken(target);
        if (position < length && text[position] == '\r') {
            position++;
        }
        if (position < length && text[position] != '\n') {
            throw invalid("expected the end of the line after two tokens");
        }
        position++;
        return first;
    }

    private int writeToken(TokenTable target) {
        int written = 0;
        int start = position;
        while (position < length) {
            int b = text[position] & 0xFF;
            if (b == ' ' || b == '\n' || b == '\r') {
                break;
            }
            int value = -1;
            if (b < 0x80) {
                value = ByteAlphabet.byteOf((char) b);
            } else if (b >= 0xC2 && b <= 0xDF && position + 1 < length && (text[position + 1] & 0xC0) == 0x80) {
                value = ByteAlphabet.byteOf((char) ((b & 0x1F) << 6 | (text[++position] & 0x3F)));
            }
            if (value < 0) {
                throw invalid("byte 0x" + Integer.toHexString(b) + " is not part of a byte-level BPE token in UTF-8");
            }
            target.write(value);
            written++;
            position++;
            if (position - start > MAX_LINE_BYTES) {
                throw invalid("token is longer than limit=" + MAX_LINE_BYTES + " bytes");
            }
        }
        if (written == 0) {
            throw invalid("expected two tokens separated by a space");
        }
        return written;
    }

    /** Writes bytes of a token in the alphabet's characters. */
    static void append(byte[] token, int from, int to, StringBuilder out) {
        for (int i = from; i < to; i++) {
            out.append(ByteAlphabet.characterOf(token[i] & 0xFF));
        }
    }

    private void skipHeader() {
        while (position < length && text[position] != '\n') {
            position++;
        }
        position++;
        line++;
    }

    /** Lines after the header; an empty one at the very end does not count. */
    private int countLines() {
        int lines = 0;
        for (int i = position; i < length; i++) {
            if (text[i] == '\n') {
                lines++;
            }
        }
        return position < length && text[length - 1] != '\n' ? lines + 1 : lines;
    }

    private InvalidVocabularyException invalid(String problem) {
        return new InvalidVocabularyException(
                "vocabulary line cannot be read: line=" + line + " source=" + source + ": "
                        + problem + "; expected a file like bpe_simple_vocab_16e6.txt.gz");
    }

    /** Reads a stream, gzip or not, as far as {@code maxMerges} merges need. */
    static byte[] readAll(InputStream stream, int maxMerges, String source) throws IOException {
        BufferedInputStream in = new BufferedInputStream(stream, 1 << 16);
        in.mark(2);
        boolean gzip = (in.read() | in.read() << 8) == GZIP_MAGIC;
        in.reset();
        try (InputStream plain = gzip ? new GZIPInputStream(in, 1 << 16) : in) {
            return readLines(plain, maxMerges, source);
        } catch (EOFException | ZipException e) {
            throw new InvalidVocabularyException("vocabulary is a damaged gzip file: source=" + source + ": "
                    + (e instanceof EOFException ? "it ends early" : e.getMessage()) + "; fetch it again", e);
        }
    }

    private static byte[] readLines(InputStream in, int maxMerges, String source) throws IOException {
        long limit = (maxMerges + 2L) * MAX_LINE_BYTES;
        byte[] bytes = new byte[1 << 19];
        int length = 0;
        int lines = 0;
        while (lines <= maxMerges) {
            if (length == bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * length);
            }
            int read = in.read(bytes, length, bytes.length - length);
            if (read < 0) {
                break;
            }
            for (int i = length; i < length + read; i++) {
                lines += bytes[i] == '\n' ? 1 : 0;
            }
            length += read;
            if (length > limit) {
                throw new InvalidVocabularyException("vocabulary is too large: source=" + source + " limit=" + limit
                        + " bytes for " + maxMerges + " merges; expected a file like bpe_simple_vocab_16e6.txt.gz");
            }
        }
        return Arrays.copyOf(bytes, length);
    }
}
