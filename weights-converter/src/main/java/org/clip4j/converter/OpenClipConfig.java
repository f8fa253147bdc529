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
 * {@code open_clip_config.json}. Properties that change the result in a way that is not built here are refused, and so
 * are those that nobody here knows. Source: mlfoundations/open_clip src/open_clip/model.py, CLIPVisionCfg, CLIPTextCfg.
 */
final class OpenClipConfig {
    private final Activation activation;

    private OpenClipConfig(Activation activation) {
        this.activation = activation;
    }

    static ClipConfig read(JsonFields root, Optional<Activation> override) throws IOException {
        JsonFields model = root.object("model_cfg");
        // open_clip: without quick_gelu the activation is nn.GELU, the exact one.
        Activation stated = model.bool("quick_gelu", false) ? Activation.QUICK_GELU : Activation.GELU;
        OpenClipConfig reader = new OpenClipConfig(override.orElse(stated));
        VisionConfig vision = reader.vision(model.object("vision_cfg"));
        TextConfig text = reader.text(model.object("text_cfg"));
        int embedDim = model.integer("embed_dim");
        // Values to start training from, precisions of training, and the form of the answer.
        model.ignore("init_logit_scale", "cast_dtype", "output_dict", "custom_text", "nonscalar_logit_scale");
        model.refuseOthers();
        Optional<JsonFields> preprocess = root.optionalObject("preprocess_cfg");
        return new ClipConfig(embedDim, vision, text,
                preprocess.isPresent()
                        ? preprocess(preprocess.get(), vision.imageResolution())
                        : new PreprocessSpec(vision.imageResolution(), ShapeConfig.MEAN, ShapeConfig.STD));
    }

    private VisionConfig vision(JsonFields fields) throws IOException {
        int resolution = square(fields, "image_size", 224);
        int width = fields.integer("width", 768);
        int headWidth = fields.integer("head_width", ShapeConfig.HEAD_WIDTH);
        double mlpRatio = fields.number("mlp_ratio", 4.0);
        for (String flag : new String[]{"attentional_pool", "no_ln_pre", "final_ln_after_pool", "output_tokens",
                "input_patchnorm", "global_average_pool", "qk_norm", "scaled_cosine_attn", "scale_heads",
                "scale_attn_inner", "scale_attn", "scale_fc"}) {
            fields.require(flag, false);
        }
        fields.require("pool_type", "tok");
        fields.require("pos_embed_type", "learnable");
        fields.require("image_channels", 3);
        // Only while training; and details of an attentional pool, which is refused above.
        fields.ignore("patch_dropout", "attn_pooler_queries", "attn_pooler_heads");
        VisionConfig config;
        if (fields.raw("layers") instanceof List<?>) {
            fields.ignore("patch_size");
            config = new VisionConfig.ModifiedResNet(resolution, fields.integers("layers"), width,
                    heads(fields, "head_width", 32 * width, headWidth));
        } else {
            config = new VisionConfig.Transformer(resolution, square(fields, "patch_size", 16), width,
                    fields.integer("layers", 12), heads(fields, "head_width", width, headWidth),
                    (int) (width * mlpRatio), activation);
        }
        fields.refuseOthers();
        return config;
    }

    private static int heads(JsonFields fields, String field, int width, int headWidth) throws IOException {
        // open_clip model.py: width // head_width, and attention wants the width to be a multiple of that.
        if (headWidth < 1 || headWidth > width || width % (width / headWidth) != 0) {
            throw fields.wrong(field, "a head width that cuts " + width + " into equal heads", headWidth);
        }
        return width / headWidth;
    }

    private TextConfig text(JsonFields fields) throws IOException {
        int width = fields.integer("width", 512);
        double mlpRatio = fields.number("mlp_ratio", 4.0);
        for (String flag : new String[]{"embed_cls", "no_causal_mask", "final_ln_after_pool", "proj_bias",
                "output_tokens", "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn",
                "scale_fc"}) {
            fields.require(flag, false);
        }
        fields.require("pool_type", "argmax");
        fields.require("proj_type", "linear");
        // What stands behind the end of the text is never computed.
        fields.ignore("pad_id");
        TextConfig config = new TextConfig(fields.integer("context_length", 77), fields.integer("vocab_size", 49408),
                width, fields.integer("layers", 12), fields.integer("heads", 8), (int) (width * mlpRatio), activation,
                TextConfig.LARGEST_ID);
        fields.refuseOthers();
        return config;
    }

    private static PreprocessSpec preprocess(JsonFields fields, int resolution) throws IOException {
        if (square(fields, "size", resolution) != resolution) {
            throw fields.wrong("size", String.valueOf(resolution), fields.raw("size"));
        }
        fields.require("mode", "RGB");
        fields.require("interpolation", "bicubic");
        fields.require("resize_mode", "shortest");
        // Colour of a border, which this resize mode does not make.
        fields.ignore("fill_color");
        PreprocessSpec spec = new PreprocessSpec(resolution,
                fields.has("mean") ? fields.floats("mean") : ShapeConfig.MEAN,
                fields.has("std") ? fields.floats("std") : ShapeConfig.STD);
        fields.ignore("mean", "std");
        fields.refuseOthers();
        return spec;
    }

    /** A number, or a list of height and width that are equal. */
    private static int square(JsonFields fields, String field, int absent) throws IOException {
        if (!(fields.raw(field) instanceof List<?>)) {
            return fields.integer(field, absent);
        }
        List<Integer> sides = fields.integers(field);
        boolean oneNumber = !sides.isEmpty() && sides.stream().allMatch(sides.get(0)::equals);
        if (!oneNumber || sides.size() > 3) {
            throw fields.wrong(field, "a square", sides);
        }
        return sides.get(0);
    }
}
