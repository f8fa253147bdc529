package org.clip4j.converter;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.clip4j.kernels.Activation;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.JsonFields;
import org.clip4j.weights.PreprocessSpec;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/**
 * {@code config.json} and {@code preprocessor_config.json} of a Hugging Face folder. Properties that are absent have
 * the defaults of transformers' models/clip/configuration_clip.py, which newer versions leave out when they write.
 *
 * <p>A property that changes results is followed or refused; so is one of {@code preprocessor_config.json} that this
 * class does not know. Ignored, because results do not depend on them: {@code do_convert_rgb} (images are always
 * converted), {@code processor_class}, {@code data_format}, {@code input_data_format}, {@code device},
 * {@code return_tensors}, {@code disable_grouping} and {@code _valid_processor_keys} (how a call passes arrays); and in
 * {@code config.json} all that serves training or other programs, for example {@code attention_dropout},
 * {@code dropout}, {@code initializer_factor}, {@code logit_scale_init_value} and {@code torch_dtype}.
 */
final class HuggingFaceConfig {
    /**
     * Configurations written before transformers 4.30 hold this id by mistake; the code then pools at the largest id
     * (modeling_clip.py, {@code if self.eos_token_id == 2}).
     */
    private static final int LEGACY_EOS_ID = 2;

    /** All do the same arithmetic; transformers models/clip/image_processing_clip*.py and feature_extraction_clip.py. */
    private static final Object[] PROCESSORS = {"CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPFeatureExtractor"};
    private static final String[] HARMLESS = {"do_convert_rgb", "processor_class", "data_format", "input_data_format",
            "device", "return_tensors", "disable_grouping", "_valid_processor_keys"};

    private final JsonFields root;
    private final Optional<JsonFields> preprocessor;
    private final Optional<Activation> override;

    private HuggingFaceConfig(JsonFields root, Optional<JsonFields> preprocessor, Optional<Activation> override) {
        this.root = root;
        this.preprocessor = preprocessor;
        this.override = override;
    }

    static ClipConfig read(JsonFields root, Optional<JsonFields> preprocessor, Optional<Activation> override,
            List<String> warnings) throws IOException {
        return new HuggingFaceConfig(root, preprocessor, override).read(warnings);
    }

    private ClipConfig read(List<String> warnings) throws IOException {
        String type = root.string("model_type");
        if (!type.equals("clip")) {
            throw root.wrong("model_type", "clip", type);
        }
        Section text = section("text");
        Section vision = section("vision");
        vision.require("num_channels", 3);
        int eos = text.integer("eos_token_id", 49407);
        TextConfig textConfig = new TextConfig(text.integer("max_position_embeddings", 77),
                text.integer("vocab_size", 49408), text.integer("hidden_size", 512),
                text.integer("num_hidden_layers", 12), text.integer("num_attention_heads", 8),
                text.integer("intermediate_size", 2048), activation(text),
                eos == LEGACY_EOS_ID ? TextConfig.LARGEST_ID : eos);
        VisionConfig visionConfig = new VisionConfig.Transformer(vision.integer("image_size", 224),
                vision.integer("patch_size", 32), vision.integer("hidden_size", 768),
                vision.integer("num_hidden_layers", 12), vision.integer("num_attention_heads", 12),
                vision.integer("intermediate_size", 3072), activation(vision));
        PreprocessSpec preprocess;
        if (preprocessor.isPresent()) {
            preprocess = preprocess(preprocessor.get(), visionConfig.imageResolution());
        } else {
            preprocess = new PreprocessSpec(visionConfig.imageResolution(), ShapeConfig.MEAN, ShapeConfig.STD);
            warnings.add("folder has no preprocessor_config.json: image preprocessing is OpenAI's");
        }
        return new ClipConfig(root.integer("projection_dim", 512), visionConfig, textConfig, preprocess);
    }

    /** text_config or vision_config; the older text_config_dict wins where both are there, as in transformers. */
    private Section section(String tower) throws IOException {
        Section section = new Section(root.optionalObject(tower + "_config"),
                root.optionalObject(tower + "_config_dict"));
        section.require("layer_norm_eps", 1e-5);
        // clip: what a tower's configuration says where it was copied from a whole model's
        section.require("model_type", "clip_" + tower + "_model", "clip");
        return section;
    }

    private record Section(Optional<JsonFields> main, Optional<JsonFields> older) {
        Optional<JsonFields> with(String field) {
            return older.filter(fields -> fields.has(field)).or(() -> main.filter(fields -> fields.has(field)));
        }

        int integer(String field, int absent) throws IOException {
            Optional<JsonFields> found = with(field);
            return found.isPresent() ? found.get().integer(field) : absent;
        }

        void require(String field, Object... allowed) throws IOException {
            Optional<JsonFields> found = with(field);
            if (found.isPresent()) {
                found.get().require(field, allowed);
            }
        }
    }

    private Activation activation(Section section) throws IOException {
        Optional<JsonFields> found = section.with("hidden_act");
        if (override.isPresent() || found.isEmpty()) {
            return override.orElse(Activation.QUICK_GELU);
        }
        String name = found.get().string("hidden_act");
        return switch (name) {
            case "quick_gelu" -> Activation.QUICK_GELU;
            case "gelu" -> Activation.GELU;
            default -> throw found.get().wrong("hidden_act", "quick_gelu or gelu", name);
        };
    }

    private static PreprocessSpec preprocess(JsonFields fields, int resolution) throws IOException {
        for (String step : new String[]{"do_resize", "do_center_crop", "do_normalize", "do_rescale"}) {
            fields.require(step, true);
        }
        fields.require("image_processor_type", PROCESSORS);
        fields.require("feature_extractor_type", PROCESSORS);
        // 3: PIL.Image.BICUBIC
        fields.require("resample", 3);
        fields.require("rescale_factor", 1 / 255.0);
        fields.require("do_pad", false);
        fields.require("use_square_size", false);
        if (fields.raw("size") instanceof Integer) {
            fields.require("default_to_square", false); // what a bare number of size means
        } else {
            fields.ignore("default_to_square");
        }
        int resized = edge(fields, "size", resolution);
        int cropped = edge(fields, "crop_size", resolution);
        if (resized != resolution) {
            throw fields.wrong("size", "shortest edge of " + resolution, resized);
        }
        if (cropped != resolution) {
            throw fields.wrong("crop_size", String.valueOf(resolution), cropped);
        }
        List<Float> mean = fields.has("image_mean") ? fields.floats("image_mean") : ShapeConfig.MEAN;
        List<Float> std = fields.has("image_std") ? fields.floats("image_std") : ShapeConfig.STD;
        fields.ignore("image_mean", "image_std");
        fields.ignore(HARMLESS);
        fields.refuseOthers();
        return new PreprocessSpec(resolution, mean, std);
    }

    /** A number; or {"shortest_edge": n}; or, where it is a crop, {"height": n, "width": n}. */
    private static int edge(JsonFields fields, String name, int absent) throws IOException {
        if (!fields.has(name)) {
            return absent;
        }
        if (fields.raw(name) instanceof Integer number) {
            return number;
        }
        JsonFields object = fields.object(name);
        if (name.equals("size")) {
            int shortest = object.integer("shortest_edge");
            object.refuseOthers();
            return shortest;
        }
        int height = object.integer("height");
        object.require("width", height);
        object.refuseOthers();
        return height;
    }
}
