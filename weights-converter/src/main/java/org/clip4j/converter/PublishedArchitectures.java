package org.clip4j.converter;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clip4j.kernels.Activation;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.PreprocessSpec;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/** The nine models of Radford et al. 2021 (arXiv:2103.00020, tables 19 and 20), by the names of clip/clip.py. */
public final class PublishedArchitectures {
    private static final int CONTEXT_LENGTH = 77;
    private static final int VOCAB_SIZE = 49408;
    private static final int TEXT_LAYERS = 12;
    private static final Map<String, ClipConfig> ALL = new LinkedHashMap<>();

    static {
        resNet("RN50", 1024, 224, List.of(3, 4, 6, 3), 64, 512);
        resNet("RN101", 512, 224, List.of(3, 4, 23, 3), 64, 512);
        resNet("RN50x4", 640, 288, List.of(4, 6, 10, 6), 80, 640);
        resNet("RN50x16", 768, 384, List.of(6, 8, 18, 8), 96, 768);
        resNet("RN50x64", 1024, 448, List.of(3, 15, 36, 10), 128, 1024);
        transformer("ViT-B/32", 512, 224, 12, 768, 32, 512);
        transformer("ViT-B/16", 512, 224, 12, 768, 16, 512);
        transformer("ViT-L/14", 768, 224, 24, 1024, 14, 768);
        transformer("ViT-L/14@336px", 768, 336, 24, 1024, 14, 768);
    }

    private PublishedArchitectures() {}

    private static void resNet(String name, int embedDim, int resolution, List<Integer> layers, int width,
            int textWidth) {
        put(name, embedDim, new VisionConfig.ModifiedResNet(resolution, layers, width, heads(32 * width)), textWidth);
    }

    private static void transformer(String name, int embedDim, int resolution, int layers, int width, int patch,
            int textWidth) {
        put(name, embedDim, new VisionConfig.Transformer(resolution, patch, width, layers, heads(width), 4 * width,
                Activation.QUICK_GELU), textWidth);
    }

    private static void put(String name, int embedDim, VisionConfig vision, int textWidth) {
        TextConfig text = new TextConfig(CONTEXT_LENGTH, VOCAB_SIZE, textWidth, TEXT_LAYERS, heads(textWidth),
                4 * textWidth, Activation.QUICK_GELU, TextConfig.LARGEST_ID);
        ALL.put(name, new ClipConfig(embedDim, vision, text,
                new PreprocessSpec(vision.imageResolution(), ShapeConfig.MEAN, ShapeConfig.STD)));
    }

    private static int heads(int width) {
        return width / ShapeConfig.HEAD_WIDTH;
    }

    /** The names, smallest ResNet first. */
    public static Set<String> names() {
        return Collections.unmodifiableSet(ALL.keySet());
    }

    /**
     * The configuration of a published model.
     *
     * @param name as in the paper, for example {@code ViT-L/14@336px}
     * @throws IllegalArgumentException when there is no such model; the message lists them
     */
    public static ClipConfig of(String name) {
        ClipConfig config = ALL.get(name);
        if (config == null) {
            throw new IllegalArgumentException("unknown architecture: name=" + name + " expected one of "
                    + String.join(", ", ALL.keySet()));
        }
        return config;
    }
}
