package org.clip4j.image;

/** Tells which part of an image will be read, once its header is known. */
@FunctionalInterface
interface WindowChoice {
    /** All of it. */
    WindowChoice WHOLE = header -> PixelWindow.whole(header.width(), header.height());

    PixelWindow choose(ImageHeader header);
}
