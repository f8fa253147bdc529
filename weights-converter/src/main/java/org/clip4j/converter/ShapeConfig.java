package org.clip4j.converter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.PreprocessSpec;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/**
 * The configuration of a checkpoint that has none, from the shapes of its tensors; as {@code build_model} in
 * openai/CLIP clip/model.py does.
 */
final class ShapeConfig {
    /** openai/CLIP clip/clip.py, {@code _transform}. */
    @SuppressWarnings("FloatingPointLiteralPrecision") // digits as published
    static final List<Float> MEAN = List.of(0.48145466f, 0.4578275f, 0.40821073f);
    @SuppressWarnings("FloatingPointLiteralPrecision") // digits as published
    static final List<Float> STD = List.of(0.26862954f, 0.26130258f, 0.27577711f);
    /** Width of an attention head in all of OpenAI's models. */
    static final int HEAD_WIDTH = 64;

    private final Map<String, StoredTensor> tensors;
    private final Activation activation;
    private final String file;

    private ShapeConfig(Map<String, StoredTensor> tensors, Activation activation, String file) {
        this.tensors = tensors;
        this.activation = activation;
        this.file = file;
    }

    /**
     * Infers the configuration.
     *
     * @param tensors by OpenAI's names
     * @throws CheckpointException when the tensors are not those of a CLIP that this program knows
     */
    static ClipConfig infer(Map<String, StoredTensor> tensors, Activation activation, String file) throws IOException {
        ShapeConfig shapes = new ShapeConfig(tensors, activation, file);
        try {
            VisionConfig vision;
            if (tensors.containsKey("visual.proj")) {
                vision = shapes.transformer();
            } else if (tensors.containsKey("visual.attnpool.positional_embedding")) {
                vision = shapes.resNet();
            } else {
                throw new CheckpointException(
                        "unknown architecture, neither a CLIP vision transformer (visual.proj) nor"
                                + " a CLIP ResNet (visual.attnpool.positional_embedding): file=" + file + " tensors="
                                + tensors.size());
            }
            int width = shapes.size("ln_final.weight", 0, 1);
            TextConfig text = new TextConfig(shapes.size("positional_embedding", 0, 2),
                    shapes.size("token_embedding.weight", 0, 2), width, shapes.blocks("transformer.resblocks."),
                    shapes.heads("text", width), shapes.size("transformer.resblocks.0.mlp.c_fc.weight", 0, 2),
                    activation, TextConfig.LARGEST_ID);
            ClipConfig config = new ClipConfig(shapes.size("text_projection", 1, 2), vision, text,
                    new PreprocessSpec(vision.imageResolution(), MEAN, STD));
            shapes.checkBuffer("input_resolution", vision.imageResolution());
            shapes.checkBuffer("context_length", text.contextLength());
            shapes.checkBuffer("vocab_size", text.vocabSize());
            return config;
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(e.getMessage() + " file=" + file, e);
        }
    }

    private VisionConfig transformer() throws CheckpointException {
        int width = size("visual.conv1.weight", 0, 4);
        int patch = size("visual.conv1.weight", 3, 4);
        int grid = root("visual.positional_embedding");
        return new VisionConfig.Transformer(product(grid, patch), patch, width, blocks("visual.transformer.resblocks."),
                heads("vision", width), size("visual.transformer.resblocks.0.mlp.c_fc.weight", 0, 2), activation);
    }

    private VisionConfig resNet() throws CheckpointException {
        List<Integer> layers = new ArrayList<>();
        for (int stage = 1; stage <= 4; stage++) {
            layers.add(blocks("visual.layer" + stage + "."));
        }
        int width = size("visual.layer1.0.conv1.weight", 0, 4);
        int grid = root("visual.attnpool.positional_embedding");
        return new VisionConfig.ModifiedResNet(product(grid, 32), layers, width, heads("vision", product(width, 32)));
    }

    /** {@code width // 64}, as {@code build_model} does, also for widths that are no multiples of 64. */
    private int heads(String tower, int width) throws CheckpointException {
        int heads = width / HEAD_WIDTH;
        if (heads == 0 || width % heads != 0) {
            throw new CheckpointException(
                    "checkpoint does not say its number of heads, and the width cannot be cut into"
                            + " heads of about " + HEAD_WIDTH + ": tower=" + tower + " width=" + width + " file="
                            + file);
        }
        return heads;
    }

    /** Side of the grid of a positional embedding of 1 + side * side rows. */
    private int root(String name) throws CheckpointException {
        int rows = size(name, 0, 2);
        int side = (int) Math.sqrt(rows - 1.0);
        if (rows < 2 || side * side != rows - 1) {
            throw new CheckpointException("positional embedding does not fit a square grid: name=" + name + " rows="
                    + rows + " file=" + file);
        }
        return side;
    }

    private int product(int a, int b) throws CheckpointException {
        long product = (long) a * b;
        if (product > Integer.MAX_VALUE) {
            throw new CheckpointException("checkpoint's sizes are out of range: file=" + file + " size=" + product);
        }
        return (int) product;
    }

    private int size(String name, int axis, int rank) throws CheckpointException {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new CheckpointException("checkpoint tensor is missing: name=" + name + " file=" + file);
        }
        if (tensor.shape().size() != rank) {
            throw new CheckpointException("checkpoint tensor has wrong shape: name=" + name + " expectedAxes=" + rank
                    + " actual=" + tensor.shape() + " file=" + file);
        }
        return tensor.shape().get(axis);
    }

    /** How many different numbers follow a prefix. */
    private int blocks(String prefix) {
        Set<String> numbers = new HashSet<>();
        for (String name : tensors.keySet()) {
            int dot = name.indexOf('.', prefix.length());
            if (name.startsWith(prefix) && dot > 0) {
                numbers.add(name.substring(prefix.length(), dot));
            }
        }
        return numbers.size();
    }

    private void checkBuffer(String name, int expected) throws IOException {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null || tensor.elements() != 1 || tensor.dtype().isFloatingPoint()) {
            return;
        }
        int sizeBytes = tensor.dtype().sizeBytes();
        ByteBuffer bytes = tensor.storage().region().map(tensor.offset() * sizeBytes, sizeBytes);
        long actual = (long) Tensor.of(bytes, tensor.dtype(), Tensor.NO_ADDRESS).get(0);
        if (actual != expected) {
            throw new CheckpointException("checkpoint contradicts its own shapes: name=" + name + " expected="
                    + expected + " actual=" + actual + " file=" + file);
        }
    }
}
