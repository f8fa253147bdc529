package org.clip4j.image;

/** Takes the finished rows of one image, top to bottom. */
interface RowSink {

    /** Row {@code y} as interleaved RGB bytes, which the caller overwrites afterwards. */
    void row(int y, byte[] rgb);
}
