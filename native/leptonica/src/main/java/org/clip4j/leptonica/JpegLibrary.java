package org.clip4j.leptonica;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * libjpeg-turbo as Leptonica's library contains it, without Leptonica's reader: src/main/cpp/jpeg.cpp. Arguments are
 * trusted, the file is not. Thread-safe; Leptonica has been loaded before.
 */
@Platform(library = JpegLibrary.NAME)
final class JpegLibrary {
    static final String NAME = "clip4jjpeg";

    private JpegLibrary() {}

    /** Whether the class path has the library for this platform: a build without a C++ compiler has none. */
    static boolean isBuilt() {
        return JpegLibrary.class.getResource(Loader.getPlatform() + "/" + System.mapLibraryName(NAME)) != null;
    }

    /** Pixels before the window's first one, in each row, that are overwritten. */
    static native int slackPixels();

    /**
     * Decodes a window of a gray image to bytes, or of a colour image to red, green, blue and a byte of no meaning.
     *
     * @param encoded direct, the file from byte 0 on
     * @param components 1 or 3
     * @param pixels direct; window height + 1 rows, each the slack and as much as decoding needs
     * @param rowStride bytes of a row: those of the image's width or the window's and twice the slack, whichever is less,
     *            and the slack once more
     * @return null when all is well, else libjpeg's message
     */
    static native String decode(ByteBuffer encoded, int sizeBytes, int width, int height, int components, int left,
            int top, int windowWidth, int windowHeight, ByteBuffer pixels, int rowStride);
}
