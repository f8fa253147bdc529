package org.clip4j.training;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.TensorSource;
import org.clip4j.weights.TensorSpec;
import org.clip4j.weights.TensorTable;
import org.clip4j.weights.VisionConfig;

/**
 * All learned tensors of a model with their gradients, by the names of OpenAI's state_dict. The tensors lie in the arena
 * that was given and live as long as it. An inference tower can be prepared from them. Not thread-safe.
 */
public final class Parameters implements TensorSource {
    /** 1 / 0.07, the initial temperature (Radford et al. 2021, section 2.5). */
    private static final double INITIAL_SCALE = 1 / 0.07;

    /** About the size of what the patches say, so that neither drowns the other. */
    private static final double POSITION_AMPLITUDE = 0.7;
    /** Of a quarter turn per patch. */
    private static final double LOWEST_FREQUENCY = 0.01;

    /** Loudness of areas and of edges, about that of the positions. */
    private static final double PATCH_GAIN = 2;
    /** Luminance and two differences of colours, orthonormal. */
    private static final double[][] OPPONENTS = {{1 / Math.sqrt(3), 1 / Math.sqrt(3), 1 / Math.sqrt(3)},
            {1 / Math.sqrt(2), 0, -1 / Math.sqrt(2)}, {1 / Math.sqrt(6), -2 / Math.sqrt(6), 1 / Math.sqrt(6)}};

    private final ClipConfig config;
    private final Map<String, Parameter> byName = new LinkedHashMap<>();

    private Parameters(Arena arena, ClipConfig config, DType dtype) {
        if (!(config.vision() instanceof VisionConfig.Transformer)) {
            throw new IllegalArgumentException("only vision transformers can be trained: vision=" + config.vision());
        }
        this.config = config;
        for (TensorSpec spec : TensorTable.of(config)) {
            int[] shape = spec.shape().stream().mapToInt(Integer::intValue).toArray();
            byName.put(spec.name(), new Parameter(spec.name(), arena.allocate(dtype, shape),
                    arena.allocate(dtype, shape), shape.length > 1));
        }
    }

    /**
     * Copies the weights of a model.
     *
     * @param arena receives weights and gradients
     * @param dtype F32 for training, F64 for checking
     * @param weights a tensor of any floating-point type for each name of the configuration
     * @throws IllegalArgumentException when the image tower is not a vision transformer
     */
    public static Parameters copyOf(Arena arena, ClipConfig config, DType dtype, TensorSource weights) {
        Parameters parameters = new Parameters(arena, config, dtype);
        for (Parameter parameter : parameters.all()) {
            Tensor from = weights.tensor(parameter.name());
            for (int i = 0; i < parameter.value().elements(); i++) {
                parameter.value().set(i, from.get(i));
            }
        }
        return parameters;
    }

    /**
     * Draws the weights of a model that has learned nothing, the same for the same seed: the deviations of
     * openai/CLIP clip/model.py (CLIP.initialize_parameters and VisionTransformer), for the blocks of both towers;
     * biases are 0, gains 1. But the image tower's positions start as sines and cosines of row and column, fixed in Beyer et
     * al. 2022, Better plain ViT baselines, and its patch filters as cosines of rising frequency.
     */
    public static Parameters random(Arena arena, ClipConfig config, long seed) {
        Parameters parameters = new Parameters(arena, config, DType.F32);
        Random random = new Random(seed);
        for (Parameter parameter : parameters.all()) {
            double deviation = parameters.deviation(parameter);
            boolean gain = parameter.name().endsWith(".weight") && parameter.value().rank() == 1;
            for (int i = 0; i < parameter.value().elements(); i++) {
                parameter.value().set(i, gain ? 1 : deviation == 0 ? 0 : random.nextGaussian() * deviation);
            }
        }
        parameters.get("logit_scale").value().set(0, Math.log(INITIAL_SCALE));
        parameters.setPatches();
        parameters.setPositions();
        return parameters;
    }

    /**
     * Filters of the patches: cosines of rising frequency in luminance and two differences of colours, each louder by its
     * frequency, as pictures are quieter by it. So that edges are heard beside areas from the first step on. Filters
     * beyond the pixels of a patch stay random.
     */
    private void setPatches() {
        VisionConfig.Transformer vision = (VisionConfig.Transformer) config.vision();
        Tensor filters = tensor("visual.conv1.weight").reshape(vision.width(),
                3 * vision.patchSize() * vision.patchSize());
        int P = vision.patchSize();
        List<int[]> frequencies = new ArrayList<>();
        for (int v = 0; v < P; v++) {
            for (int u = 0; u < P; u++) {
                frequencies.add(new int[]{v, u});
            }
        }
        frequencies.sort(Comparator.comparingInt(f -> f[0] * f[0] + f[1] * f[1]));
        for (int i = 0; i < Math.min(vision.width(), 3 * P * P); i++) {
            int[] frequency = frequencies.get(i / 3);
            double gain = PATCH_GAIN / P * (1 + Math.sqrt(frequency[0] * frequency[0] + frequency[1] * frequency[1]));
            for (int channel = 0; channel < 3; channel++) {
                for (int y = 0; y < P; y++) {
                    for (int x = 0; x < P; x++) {
                        filters.set(i, (channel * P + y) * P + x, gain * OPPONENTS[i % 3][channel]
                                * cosine(frequency[0], y, P) * cosine(frequency[1], x, P));
                    }
                }
            }
        }
    }

    /** A sample of the orthonormal DCT-II. */
    private static double cosine(int frequency, int at, int size) {
        return Math.sqrt((frequency == 0 ? 1.0 : 2.0) / size) * Math.cos(Math.PI * (at + 0.5) * frequency / size);
    }

    /** Rows behind the class token's: sine and cosine of y, then of x, in frequencies from a quarter turn down. */
    private void setPositions() {
        VisionConfig.Transformer vision = (VisionConfig.Transformer) config.vision();
        Tensor positions = tensor("visual.positional_embedding");
        int grid = vision.grid();
        int frequencies = vision.width() / 4;
        for (int i = 0; i < vision.width(); i++) {
            positions.set(0, i, 0);
        }
        for (int token = 0; token < grid * grid; token++) {
            int row = token / grid;
            int column = token % grid;
            for (int i = 0; i < frequencies; i++) {
                double frequency = Math.PI / 2 * Math.pow(LOWEST_FREQUENCY, (double) i / frequencies);
                double y = row * frequency;
                double x = column * frequency;
                positions.set(1 + token, i, POSITION_AMPLITUDE * Math.sin(y));
                positions.set(1 + token, frequencies + i, POSITION_AMPLITUDE * Math.cos(y));
                positions.set(1 + token, 2 * frequencies + i, POSITION_AMPLITUDE * Math.sin(x));
                positions.set(1 + token, 3 * frequencies + i, POSITION_AMPLITUDE * Math.cos(x));
            }
        }
    }

    private double deviation(Parameter parameter) {
        String name = parameter.name();
        VisionConfig.Transformer vision = (VisionConfig.Transformer) config.vision();
        boolean image = name.startsWith("visual.");
        double width = image ? vision.width() : config.text().width();
        double layers = image ? vision.layers() : config.text().layers();
        if (name.endsWith("bias")) {
            return 0;
        }
        if (name.equals("token_embedding.weight")) {
            return 0.02;
        }
        if (name.equals("positional_embedding")) {
            return 0.01;
        }
        if (name.endsWith("conv1.weight")) {
            return 1 / Math.sqrt(3.0 * vision.patchSize() * vision.patchSize());
        }
        if (name.endsWith("mlp.c_fc.weight")) {
            return 1 / Math.sqrt(2 * width);
        }
        if (name.endsWith("out_proj.weight") || name.endsWith("c_proj.weight")) {
            return 1 / Math.sqrt(width) / Math.sqrt(2 * layers);
        }
        return 1 / Math.sqrt(width);
    }

    /** Everything about the model that is not a weight. */
    public ClipConfig config() {
        return config;
    }

    /** All parameters, in the order of OpenAI's state_dict. */
    public List<Parameter> all() {
        return new ArrayList<>(byName.values());
    }

    /** A parameter by its name. */
    public Parameter get(String name) {
        Parameter parameter = byName.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("model has no such tensor: name=" + name);
        }
        return parameter;
    }

    @Override
    public Tensor tensor(String name) {
        return get(name).value();
    }

    /** Sets all gradients to zero. */
    public void clearGradients(BackwardOperations backward) {
        for (Parameter parameter : byName.values()) {
            int elements = parameter.gradient().elements();
            backward.zero(parameter.gradient().reshape(1, elements), 1);
        }
    }
}
