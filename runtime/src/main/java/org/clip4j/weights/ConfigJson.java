package org.clip4j.weights;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.clip4j.kernels.Activation;

/** The {@code config} entry of a model file's metadata; version 1. Stateless. */
public final class ConfigJson {
    private static final String TRANSFORMER = "transformer";
    private static final String RESNET = "modified_resnet";

    private ConfigJson() {}

    static String write(ClipConfig config, String precision) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("embed_dim", config.embedDim());
        root.put("vision", vision(config.vision()));
        TextConfig text = config.text();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("context_length", text.contextLength());
        fields.put("vocab_size", text.vocabSize());
        transformer(fields, text.width(), text.layers(), text.heads(), text.mlpWidth(), text.activation());
        fields.put("eot_token", text.eotToken());
        root.put("text", fields);
        PreprocessSpec preprocess = config.preprocess();
        Map<String, Object> image = new LinkedHashMap<>();
        image.put("size", preprocess.size());
        image.put("resize", "shortest");
        image.put("interpolation", "bicubic");
        image.put("mean", preprocess.mean());
        image.put("std", preprocess.std());
        root.put("preprocess", image);
        root.put("tokenizer", Map.of("type", "clip-bpe"));
        root.put("precision", precision);
        try {
            return JSON.std.asString(root);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write numbers and strings as JSON", e);
        }
    }

    private static Map<String, Object> vision(VisionConfig config) {
        Map<String, Object> fields = new LinkedHashMap<>();
        if (config instanceof VisionConfig.Transformer vision) {
            fields.put("type", TRANSFORMER);
            fields.put("image_resolution", vision.imageResolution());
            fields.put("patch_size", vision.patchSize());
            transformer(fields, vision.width(), vision.layers(), vision.heads(), vision.mlpWidth(),
                    vision.activation());
        } else if (config instanceof VisionConfig.ModifiedResNet vision) {
            fields.put("type", RESNET);
            fields.put("image_resolution", vision.imageResolution());
            fields.put("layers", vision.layers());
            fields.put("width", vision.width());
            fields.put("heads", vision.heads());
        }
        return fields;
    }

    private static void transformer(Map<String, Object> fields, int width, int layers, int heads, int mlpWidth,
            Activation activation) {
        fields.put("width", width);
        fields.put("layers", layers);
        fields.put("heads", heads);
        fields.put("mlp_width", mlpWidth);
        fields.put("activation", activation == Activation.QUICK_GELU ? "quickgelu" : "gelu");
    }

    static ClipConfig read(String json, String file) throws ModelFileException {
        JsonFields root = JsonFields.parse(file, json);
        JsonFields text = root.object("text");
        ClipConfig config = read(root, text.integer("vocab_size"), text.integer("eot_token"), file);
        root.refuseOthers();
        return config;
    }

    /**
     * The configuration of a model whose vocabulary is not known to the one who wrote it down: {@code vocab_size} and
     * {@code eot_token} of its text tower may be left out, and are not read.
     *
     * @param root an object like that of a model file
     * @param vocabSize rows of the token embedding
     * @param eotToken the id that is pooled
     * @param file name for messages
     * @throws ModelFileException when a property is missing, unknown or impossible
     */
    public static ClipConfig read(JsonFields root, int vocabSize, int eotToken, String file)
            throws ModelFileException {
        try {
            VisionConfig vision = readVision(root.object("vision"));
            JsonFields text = root.object("text");
            text.ignore("vocab_size", "eot_token");
            TextConfig textConfig = new TextConfig(text.integer("context_length"), vocabSize, text.integer("width"),
                    text.integer("layers"), text.integer("heads"), text.integer("mlp_width"), activation(text),
                    eotToken);
            text.refuseOthers();
            JsonFields image = root.object("preprocess");
            image.require("resize", "shortest");
            image.require("interpolation", "bicubic");
            PreprocessSpec preprocess = new PreprocessSpec(image.integer("size"), image.floats("mean"),
                    image.floats("std"));
            image.refuseOthers();
            Optional<JsonFields> tokenizer = root.optionalObject("tokenizer");
            if (tokenizer.isPresent()) {
                tokenizer.get().require("type", "clip-bpe");
            }
            root.ignore("precision");
            return new ClipConfig(root.integer("embed_dim"), vision, textConfig, preprocess);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(e.getMessage() + " file=" + file, e);
        }
    }

    private static VisionConfig readVision(JsonFields vision) throws ModelFileException {
        String type = vision.string("type");
        VisionConfig config = switch (type) {
            case TRANSFORMER -> new VisionConfig.Transformer(vision.integer("image_resolution"),
                    vision.integer("patch_size"), vision.integer("width"), vision.integer("layers"),
                    vision.integer("heads"), vision.integer("mlp_width"), activation(vision));
            case RESNET -> new VisionConfig.ModifiedResNet(vision.integer("image_resolution"),
                    vision.integers("layers"), vision.integer("width"), vision.integer("heads"));
            default -> throw vision.wrong("type", TRANSFORMER + " or " + RESNET, type);
        };
        vision.refuseOthers();
        return config;
    }

    private static Activation activation(JsonFields fields) throws ModelFileException {
        String name = fields.string("activation");
        return switch (name) {
            case "quickgelu" -> Activation.QUICK_GELU;
            case "gelu" -> Activation.GELU;
            default -> throw fields.wrong("activation", "quickgelu or gelu", name);
        };
    }
}
