package org.clip4j.image;

import java.nio.ByteBuffer;

/** Puts a GIF's first frame on its canvas. */
final class GifCanvas {

    private GifCanvas() {}

    /** Moves a packed frame to its place on a larger canvas, from the end, and fills what it does not cover. */
    static void place(ByteBuffer samples, GifStream gif, int width, int height) {
        byte background = (byte) gif.background();
        for (int y = height - 1; y >= 0; y--) {
            int frameRow = y - gif.top();
            boolean covered = frameRow >= 0 && frameRow < gif.frameHeight();
            for (int x = width - 1; x >= 0; x--) {
                int frameColumn = x - gif.left();
                boolean inside = covered && frameColumn >= 0 && frameColumn < gif.frameWidth();
                samples.put(y * width + x,
                        inside ? samples.get(frameRow * gif.frameWidth() + frameColumn) : background);
            }
        }
    }
}
