package org.clip4j.weights;

import java.util.ArrayList;
import java.util.List;
import org.clip4j.weights.TensorSpec.Arrangement;

/**
 * The one table of CLIP's tensors: name, names in other checkpoints, shape in terms of the configuration. Model files
 * are checked against it, checkpoints are mapped by it, and generated models follow its order, which is that of
 * OpenAI's state_dict without integer buffers ({@code num_batches_tracked}).
 *
 * <p>Sources of the names: openai/CLIP clip/model.py; huggingface/transformers models/clip/modeling_clip.py;
 * mlfoundations/open_clip src/open_clip/model.py.
 */
public final class TensorTable {
    private final List<TensorSpec> rows = new ArrayList<>();

    private TensorTable() {}

    /** All tensors of a model, in the order of OpenAI's state_dict. */
    public static List<TensorSpec> of(ClipConfig config) {
        TensorTable table = new TensorTable();
        TextConfig text = config.text();
        int D = text.width();
        int E = config.embedDim();
        table.text("positional_embedding", "text_model.embeddings.position_embedding.weight", text.contextLength(), D);
        table.row("text_projection", "text.text_projection", Arrangement.TRANSPOSED,
                List.of("text_projection.weight"), D, E);
        table.both("logit_scale", "logit_scale");
        if (config.vision() instanceof VisionConfig.Transformer vision) {
            table.visionTransformer(vision, E);
        } else if (config.vision() instanceof VisionConfig.ModifiedResNet vision) {
            table.modifiedResNet(vision, E);
        }
        for (int layer = 0; layer < text.layers(); layer++) {
            String name = "transformer.resblocks." + layer + ".";
            table.block(name, "text." + name, "text_model.encoder.layers." + layer + ".", D, text.mlpWidth());
        }
        table.text("token_embedding.weight", "text_model.embeddings.token_embedding.weight", text.vocabSize(), D);
        table.text("ln_final.weight", "text_model.final_layer_norm.weight", D);
        table.text("ln_final.bias", "text_model.final_layer_norm.bias", D);
        return List.copyOf(table.rows);
    }

    private void visionTransformer(VisionConfig.Transformer vision, int E) {
        int D = vision.width();
        int P = vision.patchSize();
        int T = Math.addExact(1, Math.multiplyExact(vision.grid(), vision.grid()));
        both("visual.class_embedding", "vision_model.embeddings.class_embedding", D);
        both("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight", T, D);
        row("visual.proj", "visual.proj", Arrangement.TRANSPOSED, List.of("visual_projection.weight"), D, E);
        both("visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight", D, 3, P, P);
        // pre_layrnorm: spelled so in transformers.
        both("visual.ln_pre.weight", "vision_model.pre_layrnorm.weight", D);
        both("visual.ln_pre.bias", "vision_model.pre_layrnorm.bias", D);
        for (int layer = 0; layer < vision.layers(); layer++) {
            String name = "visual.transformer.resblocks." + layer + ".";
            block(name, name, "vision_model.encoder.layers." + layer + ".", D, vision.mlpWidth());
        }
        both("visual.ln_post.weight", "vision_model.post_layernorm.weight", D);
        both("visual.ln_post.bias", "vision_model.post_layernorm.bias", D);
    }

    /** A ResidualAttentionBlock of width D with an MLP of width M. */
    private void block(String name, String customText, String huggingFace, int D, int M) {
        stacked(name, customText, huggingFace, "weight", 3 * D, D);
        stacked(name, customText, huggingFace, "bias", 3 * D);
        String[][] rest = {{"attn.out_proj", "self_attn.out_proj"}, {"ln_1", "layer_norm1"}, {"mlp.c_fc", "mlp.fc1"},
                {"mlp.c_proj", "mlp.fc2"}, {"ln_2", "layer_norm2"}};
        int[][] weights = {{D, D}, {D}, {M, D}, {D, M}, {D}};
        for (int i = 0; i < rest.length; i++) {
            for (String part : new String[]{".weight", ".bias"}) {
                int[] shape = part.equals(".bias") ? new int[]{weights[i][0]} : weights[i];
                row(name + rest[i][0] + part, customText + rest[i][0] + part, Arrangement.AS_IS,
                        List.of(huggingFace + rest[i][1] + part), shape);
            }
        }
    }

    private void stacked(String name, String customText, String huggingFace, String part, int... shape) {
        List<String> parts = new ArrayList<>();
        for (String projection : new String[]{"q_proj.", "k_proj.", "v_proj."}) {
            parts.add(huggingFace + "self_attn." + projection + part);
        }
        row(name + "attn.in_proj_" + part, customText + "attn.in_proj_" + part, Arrangement.STACKED, parts, shape);
    }

    private void modifiedResNet(VisionConfig.ModifiedResNet vision, int E) {
        int W = vision.width();
        convolution("visual.conv1", "visual.bn1", W / 2, 3, 3);
        convolution("visual.conv2", "visual.bn2", W / 2, W / 2, 3);
        convolution("visual.conv3", "visual.bn3", W, W / 2, 3);
        int inputs = W;
        for (int stage = 0; stage < vision.layers().size(); stage++) {
            int planes = W << stage;
            for (int layer = 0; layer < vision.layers().get(stage); layer++) {
                String name = "visual.layer" + (stage + 1) + "." + layer + ".";
                convolution(name + "conv1", name + "bn1", planes, inputs, 1);
                convolution(name + "conv2", name + "bn2", planes, planes, 3);
                // 4: Bottleneck.expansion, openai/CLIP clip/model.py
                convolution(name + "conv3", name + "bn3", 4 * planes, planes, 1);
                if (layer == 0) {
                    convolution(name + "downsample.0", name + "downsample.1", 4 * planes, inputs, 1);
                }
                inputs = 4 * planes;
            }
        }
        int D = 32 * W;
        int grid = vision.imageResolution() / 32;
        only("visual.attnpool.positional_embedding", 1 + grid * grid, D);
        for (String projection : new String[]{"k_proj", "q_proj", "v_proj", "c_proj"}) {
            int outputs = projection.equals("c_proj") ? E : D;
            only("visual.attnpool." + projection + ".weight", outputs, D);
            only("visual.attnpool." + projection + ".bias", outputs);
        }
    }

    private void convolution(String name, String batchNorm, int outputs, int inputs, int kernel) {
        only(name + ".weight", outputs, inputs, kernel, kernel);
        for (String part : new String[]{".weight", ".bias", ".running_mean", ".running_var"}) {
            only(batchNorm + part, outputs);
        }
    }

    private void text(String name, String huggingFace, int... shape) {
        row(name, "text." + name, Arrangement.AS_IS, List.of(huggingFace), shape);
    }

    private void both(String name, String huggingFace, int... shape) {
        row(name, name, Arrangement.AS_IS, List.of(huggingFace), shape);
    }

    /** A tensor that the Hugging Face layout does not have. */
    private void only(String name, int... shape) {
        row(name, name, Arrangement.AS_IS, List.of(), shape);
    }

    private void row(String name, String customText, Arrangement arrangement, List<String> huggingFace, int... shape) {
        List<Integer> sizes = new ArrayList<>();
        for (int size : shape) {
            sizes.add(size);
        }
        rows.add(new TensorSpec(name, sizes, huggingFace, arrangement, customText));
    }
}
