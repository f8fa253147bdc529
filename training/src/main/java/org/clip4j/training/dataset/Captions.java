package org.clip4j.training.dataset;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Makes a caption of a file's contents. A file is one caption, whatever its lines. Stateless. */
final class Captions {
    /** 1 MiB: what is longer is no caption; a model reads about 77 tokens. */
    static final int MAX_BYTES = 1 << 20;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    /** Where img2dataset puts the caption. */
    private static final String CAPTION = "caption";

    private Captions() {}

    /** Of a {@code .txt} file: a byte order mark is skipped, line breaks are blanks. */
    static String ofText(byte[] bytes, String name) throws UnusableSampleException {
        String text = decode(bytes, name).replaceAll("\\s+", " ").strip();
        if (text.isEmpty()) {
            throw new UnusableSampleException("caption is empty: sample=" + name);
        }
        return text;
    }

    /** Of a {@code .json} file: the string {@code caption} of its object. */
    static String ofJson(byte[] bytes, String name) throws UnusableSampleException {
        Object caption;
        try {
            caption = JSON.std.mapFrom(decode(bytes, name)).get(CAPTION);
        } catch (UnusableSampleException e) {
            throw e;
        } catch (IOException e) {
            throw new UnusableSampleException("caption is not a JSON object: sample=" + name, e);
        }
        if (!(caption instanceof String text)) {
            throw new UnusableSampleException("JSON has no string 'caption': sample=" + name);
        }
        return ofText(text.getBytes(StandardCharsets.UTF_8), name);
    }

    private static String decode(byte[] bytes, String name) throws UnusableSampleException {
        boolean marked = bytes.length >= BYTE_ORDER_MARK.length && bytes[0] == BYTE_ORDER_MARK[0]
                && bytes[1] == BYTE_ORDER_MARK[1] && bytes[2] == BYTE_ORDER_MARK[2];
        int from = marked ? BYTE_ORDER_MARK.length : 0;
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, bytes.length - from))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new UnusableSampleException("caption is not UTF-8: sample=" + name, e);
        }
    }
}
