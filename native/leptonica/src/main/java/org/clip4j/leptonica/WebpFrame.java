package org.clip4j.leptonica;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.clip4j.image.ImageFormatException;
import org.clip4j.image.ImageHeader;
import org.clip4j.image.PixelImage;
import org.clip4j.image.PixelMemory;
import org.clip4j.image.PixelMode;

/**
 * The first frame of a WebP file (RFC 9649). libwebp's simple decoder takes still images only, so the frame of an
 * animation is handed to it as a still file of its own and then put on the canvas, which is transparent black.
 */
final class WebpFrame {
    private static final int ANMF = fourCc("ANMF");
    private static final int ALPH = fourCc("ALPH");
    private static final int FRAME_HEADER = 16;
    private static final int ANIMATION_FLAG = 0x02;
    private static final int ALPHA_FLAG = 0x10;

    private final ByteBuffer file;
    private final String name;
    private int left;
    private int top;
    private ByteBuffer still;
    private boolean animated;
    private boolean alpha;

    WebpFrame(ByteBuffer encoded, String name) {
        this.file = encoded.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        this.name = name;
        this.still = encoded;
        if (file.limit() >= 30 && file.getInt(12) == fourCc("VP8X")) {
            animated = (file.get(20) & ANIMATION_FLAG) != 0;
            alpha = (file.get(20) & ALPHA_FLAG) != 0;
        }
        if (animated) {
            findFrame();
        }
    }

    private static int fourCc(String code) {
        return code.charAt(0) | (code.charAt(1) << 8) | (code.charAt(2) << 16) | (code.charAt(3) << 24);
    }

    boolean isAnimated() {
        return animated;
    }

    /** A file with one still image, direct. */
    ByteBuffer still() {
        return still;
    }

    private void findFrame() {
        long at = 12;
        while (at + 8 <= file.limit()) {
            long size = file.getInt((int) at + 4) & 0xFFFFFFFFL;
            long next = at + 8 + size + (size & 1);
            if (file.getInt((int) at) == ANMF) {
                if (size < FRAME_HEADER + 8 || at + 8 + size > file.limit()) {
                    break;
                }
                int body = (int) at + 8;
                left = 2 * u24(body);
                top = 2 * u24(body + 3);
                still = asStill(body, (int) size);
                return;
            }
            at = next;
        }
        throw new ImageFormatException("WEBP image is corrupt or cut short: no whole first frame, fileBytes="
                + file.limit() + " image=" + name);
    }

    private int u24(int at) {
        return (file.getShort(at) & 0xFFFF) | ((file.get(at + 2) & 0xFF) << 16);
    }

    /** RIFF header, an extended header when a separate alpha chunk follows, then the frame's own chunks. */
    private ByteBuffer asStill(int body, int size) {
        int chunks = size - FRAME_HEADER;
        boolean extended = file.getInt(body + FRAME_HEADER) == ALPH;
        int total = 12 + (extended ? 18 : 0) + chunks;
        ByteBuffer out = ByteBuffer.allocateDirect(total).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(fourCc("RIFF")).putInt(total - 8).putInt(fourCc("WEBP"));
        if (extended) {
            out.putInt(fourCc("VP8X")).putInt(10).putInt(ALPHA_FLAG);
            for (int i = 0; i < 6; i++) {
                out.put(file.get(body + 6 + i)); // width - 1 and height - 1, 24 bits each, as in the frame's header
            }
        }
        out.put(file.slice(body + FRAME_HEADER, chunks));
        return out.flip();
    }

    /** The frame at its place; closes the frame. */
    PixelImage onCanvas(PixelImage frame, ImageHeader header, PixelMemory scratch) {
        try (frame) {
            int width = header.width();
            if (left + frame.width() > width || top + frame.height() > header.height()) {
                throw new ImageFormatException("WEBP image is corrupt: frame=" + frame + " at " + left + "," + top
                        + " lies outside width=" + width + " height=" + header.height() + " image=" + name);
            }
            PixelMode mode = alpha ? PixelMode.RGBA : PixelMode.RGB;
            ByteBuffer canvas = scratch.samples((long) width * header.height() * mode.bands());
            for (int i = 0; i < canvas.limit(); i++) {
                canvas.put(i, (byte) 0);
            }
            for (int y = 0; y < frame.height(); y++) {
                for (int x = 0; x < frame.width(); x++) {
                    int at = ((top + y) * width + left + x) * mode.bands();
                    for (int band = 0; band < mode.bands(); band++) {
                        int value = band < frame.mode().bands() ? frame.sample(x, y, band) : 255;
                        canvas.put(at + band, (byte) value);
                    }
                }
            }
            return PixelImage.packed(mode, width, header.height(), canvas, null);
        }
    }
}
