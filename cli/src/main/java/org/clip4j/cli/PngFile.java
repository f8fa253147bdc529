package org.clip4j.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * Writes pictures as PNG (ISO/IEC 15948): 8-bit RGB, no filter, one IDAT. Every file says that this program made it, so
 * that it can be told from a user's own pictures. Stateless.
 */
final class PngFile {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    private static final byte[] SOFTWARE = "Software\0clip4j".getBytes(StandardCharsets.ISO_8859_1);
    /** Where the text begins: behind signature, IHDR of 25 bytes, and the second chunk's length and type. */
    private static final int SOFTWARE_AT = 8 + 25 + 8;

    private PngFile() {}

    /**
     * Where a picture may be written: nothing is there, or a picture that this program wrote.
     *
     * @throws InputException when something else has that name, or the folder does not exist
     */
    static Path writable(Path file) throws IOException {
        Path target = AtomicFile.writable(file);
        if (Files.exists(target) && !isOurs(target)) {
            throw new InputException("a file of that name exists and is no picture of this program: file=" + file
                    + "; move it or choose another name");
        }
        return target;
    }

    private static boolean isOurs(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] head = in.readNBytes(SOFTWARE_AT + SOFTWARE.length);
            return head.length == SOFTWARE_AT + SOFTWARE.length
                    && Arrays.equals(head, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)
                    && Arrays.equals(head, SOFTWARE_AT, head.length, SOFTWARE, 0, SOFTWARE.length);
        }
    }

    /** Writes a file as a whole, or replaces it. */
    static void write(Path file, byte[] rgb, int width, int height) throws IOException {
        try (AtomicFile out = AtomicFile.create(file)) {
            out.append(ByteBuffer.wrap(encode(rgb, width, height)));
            out.commit();
        }
    }

    /**
     * The bytes of a file.
     *
     * @param rgb [height,width,3]
     */
    static byte[] encode(byte[] rgb, int width, int height) {
        if (rgb.length != 3L * width * height || rgb.length == 0) {
            throw new IllegalArgumentException("picture does not fit its size: width=" + width + " height=" + height
                    + " bytes=" + rgb.length);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream(rgb.length / 8);
        file.writeBytes(SIGNATURE);
        // 8 bits per sample, colour type 2: RGB; deflate, adaptive filters, not interlaced
        chunk(file, "IHDR", ByteBuffer.allocate(13).putInt(width).putInt(height).put(new byte[]{8, 2, 0, 0, 0})
                .array());
        chunk(file, "tEXt", SOFTWARE);
        chunk(file, "IDAT", deflated(rgb, 3 * width));
        chunk(file, "IEND", new byte[0]);
        return file.toByteArray();
    }

    /** Each row behind the number of its filter, 0 for none. */
    private static byte[] deflated(byte[] rgb, int rowBytes) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream(rgb.length / 8);
        Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION);
        try (OutputStream out = new DeflaterOutputStream(packed, deflater, 1 << 16)) {
            for (int at = 0; at < rgb.length; at += rowBytes) {
                out.write(0);
                out.write(rgb, at, rowBytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("memory can always be written", e);
        } finally {
            deflater.end();
        }
        return packed.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream file, String type, byte[] content) {
        ByteBuffer chunk = ByteBuffer.allocate(12 + content.length).putInt(content.length)
                .put(type.getBytes(StandardCharsets.ISO_8859_1)).put(content);
        CRC32 crc = new CRC32();
        crc.update(chunk.array(), 4, 4 + content.length);
        file.writeBytes(chunk.putInt((int) crc.getValue()).array());
    }
}
