package org.clip4j.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.nio.ByteBuffer;

/** Reads the JDK's pictures in the mode that a file of their kind would have. */
final class Pictures {

    private Pictures() {}

    static PixelImage read(BufferedImage picture, PixelMemory memory) {
        PixelMode mode = mode(picture);
        int width = picture.getWidth();
        int height = picture.getHeight();
        int rowBytes = Math.multiplyExact(width, mode.bands() * mode.sampleBytes());
        ByteBuffer samples = memory.samples((long) rowBytes * height);
        boolean raw = mode != PixelMode.RGB && mode != PixelMode.RGBA;
        byte[] bytes = new byte[rowBytes];
        int[] pixels = null;
        for (int y = 0; y < height; y++) {
            if (!raw) {
                pixels = picture.getRGB(0, y, width, 1, pixels, 0, width);
                unpack(pixels, mode.bands(), bytes);
                samples.put(y * rowBytes, bytes);
                continue;
            }
            pixels = picture.getRaster().getPixels(0, y, width, 1, pixels);
            for (int i = 0; i < width * mode.bands(); i++) {
                if (mode == PixelMode.I) {
                    samples.putShort(y * rowBytes + 2 * i, (short) pixels[i]);
                } else {
                    samples.put(y * rowBytes + i, (byte) pixels[i]);
                }
            }
        }
        byte[] palette = mode == PixelMode.P ? palette((IndexColorModel) picture.getColorModel()) : null;
        return PixelImage.packed(mode, width, height, samples, palette);
    }

    private static PixelMode mode(BufferedImage picture) {
        ColorModel model = picture.getColorModel();
        if (model instanceof IndexColorModel && model.getPixelSize() <= 8) {
            return PixelMode.P;
        }
        boolean gray = model instanceof ComponentColorModel
                && model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
        boolean bytes = model.getTransferType() == DataBuffer.TYPE_BYTE && model.getComponentSize(0) == 8;
        if (gray && bytes && !model.isAlphaPremultiplied()) {
            return model.hasAlpha() ? PixelMode.LA : PixelMode.L;
        }
        if (gray && model.getTransferType() == DataBuffer.TYPE_USHORT && !model.hasAlpha()) {
            return PixelMode.I;
        }
        return model.hasAlpha() ? PixelMode.RGBA : PixelMode.RGB;
    }

    private static void unpack(int[] argb, int bands, byte[] bytes) {
        for (int x = 0; x < argb.length; x++) {
            bytes[bands * x] = (byte) (argb[x] >> 16);
            bytes[bands * x + 1] = (byte) (argb[x] >> 8);
            bytes[bands * x + 2] = (byte) argb[x];
            if (bands == 4) {
                bytes[bands * x + 3] = (byte) (argb[x] >> 24);
            }
        }
    }

    private static byte[] palette(IndexColorModel model) {
        byte[] palette = new byte[768];
        for (int i = 0; i < model.getMapSize(); i++) {
            palette[3 * i] = (byte) model.getRed(i);
            palette[3 * i + 1] = (byte) model.getGreen(i);
            palette[3 * i + 2] = (byte) model.getBlue(i);
        }
        return palette;
    }
}
