package org.clip4j.image;

import java.awt.Point;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.nio.ByteBuffer;

/**
 * Where the JDK's decoders put their rows: a raster of bytes whose samples go straight to a buffer outside the heap, so
 * that the heap holds one row of an image and never the whole. Write-only.
 */
final class OffHeapRaster extends WritableRaster {
    private final ByteBuffer target;
    private byte[] row = {};

    private OffHeapRaster(ComponentSampleModel model, ByteBuffer target) {
        super(model, new NoBuffer(), new Point(0, 0));
        this.target = target;
    }

    /**
     * An image to hand to a decoder as its destination.
     *
     * @param target receives width x height x bands bytes, packed
     */
    static BufferedImage image(int width, int height, int bands, ByteBuffer target) {
        int[] offsets = new int[bands];
        for (int band = 0; band < bands; band++) {
            offsets[band] = band;
        }
        int type = DataBuffer.TYPE_BYTE;
        int space = bands == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB;
        ColorModel colors = new ComponentColorModel(ColorSpace.getInstance(space), false, false, ColorModel.OPAQUE,
                type);
        ComponentSampleModel model = new ComponentSampleModel(type, width, height, bands, width * bands, offsets);
        return new BufferedImage(colors, new OffHeapRaster(model, target), false, null);
    }

    @Override
    public void setRect(int dx, int dy, Raster source) {
        int w = source.getWidth();
        int samples = w * numBands;
        row = row.length == samples ? row : new byte[samples];
        for (int y = 0; y < source.getHeight(); y++) {
            int sourceY = source.getMinY() + y;
            source.getDataElements(source.getMinX(), sourceY, w, 1, row);
            setDataElements(dx + source.getMinX(), dy + sourceY, w, 1, row);
        }
    }

    @Override
    public void setRect(Raster source) {
        setRect(0, 0, source);
    }

    @Override
    public void setDataElements(int x, int y, int w, int h, Object samples) {
        if (h != 1 || !(samples instanceof byte[] bytes)) {
            throw new UnsupportedOperationException("rows=" + h + " expected one row of bytes");
        }
        target.put((y * width + x) * numBands, bytes, 0, w * numBands);
    }

    @Override
    public WritableRaster createWritableChild(int x, int y, int w, int h, int toX, int toY, int[] bands) {
        if (x != 0 || y != 0 || w != width || h != height || toX != 0 || toY != 0 || bands != null) {
            throw new UnsupportedOperationException("only the whole raster can be its own child");
        }
        return this;
    }

    /** Satisfies the raster's constructor; holds nothing. */
    private static final class NoBuffer extends DataBuffer {
        NoBuffer() {
            super(TYPE_BYTE, 0);
        }

        @Override
        public int getElem(int bank, int i) {
            throw new UnsupportedOperationException("write-only");
        }

        @Override
        public void setElem(int bank, int i, int value) {
            throw new UnsupportedOperationException("rows are written through the raster");
        }
    }
}
