package org.clip4j.cuda;

import java.util.Locale;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.Precision;

/**
 * All that the choice between cuDNN and the other way depends on.
 *
 * @param geometry of channels-last images
 * @param type of images, weights, bias and result
 * @param precision tells f32 from tf32
 * @param activation none or ReLU
 * @param add whether it adds to what is there
 */
record CudnnShape(ConvolutionShape geometry, int images, ElementType type, Precision precision, Activation activation,
        boolean add) {
    /** Rows of the result: pixels of all images. */
    int rows() {
        return images * geometry.outHeight() * geometry.outWidth();
    }

    long resultBytes() {
        return (long) rows() * geometry.outChannels() * type.sizeBytes();
    }

    /** One word, for a file of algorithms; another version of the library may be as fast as it likes. */
    String key(CudnnLibrary library) {
        return "cudnn" + library.version() + "i" + images + "h" + geometry.height() + "w" + geometry.width() + "c"
                + geometry.inChannels() + "n" + geometry.outChannels() + "k" + geometry.kernel() + "s"
                + geometry.stride() + "p" + geometry.padding() + type.label() + precision.label()
                + activation.name().toLowerCase(Locale.ROOT) + (add ? "add" : "");
    }
}
