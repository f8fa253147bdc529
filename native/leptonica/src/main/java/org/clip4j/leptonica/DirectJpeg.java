package org.clip4j.leptonica;

import java.nio.ByteBuffer;
import org.clip4j.image.ImageFormatException;
import org.clip4j.image.ImageHeader;
import org.clip4j.image.PixelImage;
import org.clip4j.image.PixelMemory;
import org.clip4j.image.PixelMode;
import org.clip4j.image.PixelWindow;

/** JPEG by libjpeg-turbo, into the caller's memory and no further than its window. Stateless. */
final class DirectJpeg {
    private DirectJpeg() {}

    static PixelImage decode(ByteBuffer encoded, ImageHeader header, PixelWindow window, PixelMemory scratch) {
        boolean gray = header.mode() == PixelMode.L;
        int pixelBytes = gray ? 1 : 4;
        int slack = JpegLibrary.slackPixels();
        int rowPixels = Math.min(header.width(), window.width() + 2 * slack) + slack;
        ByteBuffer pixels = scratch.samples((window.height() + 1L) * rowPixels * pixelBytes);
        String problem = JpegLibrary.decode(encoded, encoded.limit(), header.width(), header.height(), gray ? 1 : 3,
                window.left(), window.top(), window.width(), window.height(), pixels, rowPixels * pixelBytes);
        if (problem != null) {
            throw new ImageFormatException(header.format() + " image is corrupt or cut short: reason=" + problem
                    + " fileBytes=" + encoded.limit() + " image=" + header.name());
        }
        int[] bands = gray ? new int[]{0} : new int[]{0, 1, 2};
        PixelImage.Layout layout = new PixelImage.Layout(window, slack * pixelBytes, rowPixels * pixelBytes, pixelBytes,
                bands);
        return new PixelImage(header.mode(), header.width(), header.height(), pixels, layout, null, () -> {});
    }
}
