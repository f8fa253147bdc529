package org.clip4j.model;

import java.util.function.Supplier;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.LayerStore;
import org.clip4j.weights.TensorSource;

/** Looks weights up by their state_dict names and prepares them; used while a tower is built. */
final class Weights {
    /** nn.LayerNorm and nn.BatchNorm2d in PyTorch, never changed by openai/CLIP. */
    private static final float EPSILON = 1e-5f;

    private final Backend backend;
    private final Arena arena;
    private final TensorSource source;
    private final LayerStore store;

    Weights(Backend backend, Arena arena, TensorSource source, LayerStore store) {
        this.backend = backend;
        this.arena = arena;
        this.source = source;
        this.store = store;
    }

    Backend backend() {
        return backend;
    }

    Arena arena() {
        return arena;
    }

    Tensor tensor(String name) {
        return source.tensor(name);
    }

    LayerNorm layerNorm(String prefix) {
        return backend.layerNorm(arena, tensor(prefix + ".weight"), tensor(prefix + ".bias"), EPSILON);
    }

    /** Type of what lies between operations. */
    DType activationType() {
        return backend.activationType();
    }

    /**
     * Memory for weights that are derived from the file's: in the model's arena, since a backend may use them in place;
     * in the JDK's memory where the arena is a device's, whose backend copies them.
     */
    private Tensor derived(int... shape) {
        return arena.isOnDevice() ? Tensor.allocate(DType.F32, shape) : arena.allocate(DType.F32, shape);
    }

    Linear linear(String prefix, Activation activation) {
        return linear(prefix, prefix + ".weight", prefix + ".bias", activation);
    }

    /** A linear layer of tensors with names of their own. */
    Linear linear(String layer, String weight, String bias, Activation activation) {
        Tensor shape = tensor(weight);
        return linear(layer, shape.columns(), shape.rows(), activation,
                () -> backend.linear(arena, tensor(weight), tensor(bias), activation));
    }

    /** A layer as it was packed before, or made of the model's tensors. */
    private Linear linear(String layer, int inFeatures, int outFeatures, Activation activation,
            Supplier<Linear> fresh) {
        PackedWeights kept = store.find(layer);
        if (kept != null) {
            if (kept.inFeatures() != inFeatures || kept.outFeatures() != outFeatures) {
                throw new IllegalArgumentException("packed weights are not those of this model: layer=" + layer
                        + " expected=[" + outFeatures + "," + inFeatures + "] actual=[" + kept.outFeatures() + ","
                        + kept.inFeatures() + "]");
            }
            return backend.linear(arena, kept, activation);
        }
        Linear made = fresh.get();
        report(layer, made::packed);
        return made;
    }

    private void report(String layer, Supplier<PackedWeights> packed) {
        if (store.keeps()) {
            store.packed(layer, packed.get());
        }
    }

    /** A projection that checkpoints store as [in, out], used as x * W. */
    Linear projection(String name) {
        Tensor shape = tensor(name); // [D,E]
        return linear(name, shape.rows(), shape.columns(), Activation.NONE,
                () -> backend.linear(arena, transposed(name), null, Activation.NONE));
    }

    private Tensor transposed(String name) {
        Tensor stored = tensor(name); // [D,E]
        int width = stored.size(0);
        int embedDim = stored.size(1);
        Tensor transposed = derived(embedDim, width);
        float[] values = new float[stored.elements()];
        stored.read(0, values, 0, values.length);
        float[] line = new float[width];
        for (int column = 0; column < embedDim; column++) {
            for (int row = 0; row < width; row++) {
                line[row] = values[row * embedDim + column];
            }
            transposed.write(column * width, line, 0, width);
        }
        return transposed;
    }

    /** A convolution without a bias. */
    Convolution convolution(String prefix, ConvolutionShape shape) {
        return convolution(prefix, shape, Activation.NONE,
                () -> backend.convolution(arena, shape, tensor(prefix + ".weight"), null, Activation.NONE));
    }

    /** A convolution with its batch norm folded in: both are affine, so one product does. */
    Convolution convolutionWithBatchNorm(String convolution, String batchNorm, ConvolutionShape shape,
            Activation activation) {
        return convolution(convolution, shape, activation, () -> folded(convolution, batchNorm, shape, activation));
    }

    private Convolution convolution(String layer, ConvolutionShape shape, Activation activation,
            Supplier<Convolution> fresh) {
        PackedWeights kept = store.find(layer);
        if (kept != null) {
            return backend.convolution(arena, shape, kept, activation);
        }
        Convolution made = fresh.get();
        report(layer, made::packed);
        return made;
    }

    private Convolution folded(String convolution, String batchNorm, ConvolutionShape shape, Activation activation) {
        Tensor weight = tensor(convolution + ".weight"); // [outChannels,inChannels,kernel,kernel]
        Tensor gain = tensor(batchNorm + ".weight");
        Tensor bias = tensor(batchNorm + ".bias");
        Tensor mean = tensor(batchNorm + ".running_mean");
        Tensor variance = tensor(batchNorm + ".running_var");
        Tensor foldedBias = derived(shape.outChannels());
        Tensor foldedWeight = derived(weight.shape());
        int patchLength = shape.patchLength();
        float[] kernel = new float[patchLength];
        for (int n = 0; n < shape.outChannels(); n++) {
            double scale = gain.get(n) / Math.sqrt(variance.get(n) + EPSILON);
            foldedBias.set(n, bias.get(n) - mean.get(n) * scale);
            weight.read(n * patchLength, kernel, 0, patchLength);
            for (int k = 0; k < patchLength; k++) {
                kernel[k] = (float) (kernel[k] * scale);
            }
            foldedWeight.write(n * patchLength, kernel, 0, patchLength);
        }
        return backend.convolution(arena, shape, foldedWeight, foldedBias, activation);
    }
}
