package org.clip4j.benchmarks.pytorch;

import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.gelu;
import static org.bytedeco.pytorch.global.torch.layer_norm;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.clip4j.kernels.Activation;
import org.clip4j.training.BackwardOperations;
import org.clip4j.training.Parameter;
import org.clip4j.training.Parameters;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.PreprocessSpec;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/**
 * A CLIP model of PyTorch's operations, which keep what their own backward passes need. Tensors made by a pass belong
 * to the caller's pointer scope. One thread at a time.
 *
 * <p>Source: openai/CLIP clip/model.py; with one attention operator instead of nn.MultiheadAttention, which would
 * return weights.
 */
final class PyTorchClip {
    private final ClipConfig config;
    private final VisionConfig.Transformer vision;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Tensor pixelScale; // [3]
    private final Tensor pixelShift; // [3]

    /** Copies the weights. */
    PyTorchClip(Parameters weights) {
        config = weights.config();
        vision = (VisionConfig.Transformer) config.vision();
        for (Parameter parameter : weights.all()) {
            float[] values = new float[parameter.value().elements()];
            parameter.value().floats().get(0, values);
            int[] shape = parameter.value().shape();
            Tensor copy = tensor(values, shape.length == 0 ? new int[]{1} : shape);
            parameters.put(parameter.name(), copy.set_requires_grad(true));
        }
        PreprocessSpec spec = config.preprocess();
        float[] scale = new float[3];
        float[] shift = new float[3];
        for (int channel = 0; channel < 3; channel++) {
            scale[channel] = (float) (1 / (255.0 * spec.std().get(channel)));
            shift[channel] = (float) (-spec.mean().get(channel) / (double) spec.std().get(channel));
        }
        pixelScale = tensor(scale, 3);
        pixelShift = tensor(shift, 3);
    }

    private static Tensor tensor(float[] values, int... shape) {
        long[] sizes = new long[shape.length];
        for (int axis = 0; axis < shape.length; axis++) {
            sizes[axis] = shape[axis];
        }
        try (FloatPointer pointer = new FloatPointer(values);
                Tensor view = torch.from_blob(pointer, sizes)) {
            return view.clone();
        }
    }

    /** A learned tensor by its name in OpenAI's state_dict. */
    Tensor parameter(String name) {
        Tensor parameter = parameters.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("model has no such tensor: name=" + name);
        }
        return parameter;
    }

    private TensorOptional optional(String name) {
        return new TensorOptional(parameter(name));
    }

    /**
     * Embeddings of norm 1, [N,E].
     *
     * @param pixels u8 [N,R,R,3]
     */
    Tensor encodeImages(Tensor pixels) {
        long N = pixels.size(0);
        long D = vision.width();
        long P = vision.patchSize();
        Tensor input = pixels.to(torch.ScalarType.Float).mul(pixelScale).add(pixelShift); // [N,R,R,3]
        input = input.permute(0, 3, 1, 2); // [N,3,R,R]
        Tensor patches = conv2d(input, parameter("visual.conv1.weight"), new TensorOptional(), new long[]{P, P},
                new long[]{0, 0}, new long[]{1, 1}, 1); // [N,D,G,G]
        patches = patches.flatten(2, 3).permute(0, 2, 1); // [N,G*G,D]
        Tensor classToken = parameter("visual.class_embedding").reshape(1, 1, D).expand(N, 1, D); // [N,1,D]
        Tensor x = cat(new TensorVector(classToken, patches), 1); // [N,T,D]
        x = x.add(parameter("visual.positional_embedding")); // [N,T,D]
        x = norm(x, "visual.ln_pre"); // [N,T,D]
        for (int layer = 0; layer < vision.layers(); layer++) {
            // [N,T,D]
            x = block(x, "visual.transformer.resblocks." + layer, vision.heads(), vision.activation(), false);
        }
        Tensor pooled = norm(x.select(1, 0), "visual.ln_post"); // [N,D]
        return normalize(pooled.matmul(parameter("visual.proj"))); // [N,E]
    }

    /**
     * Embeddings of norm 1, [N,E].
     *
     * @param ids i64 [N,T], padded to the longest text
     * @param pooledRows i64 [N], where the end tokens are in [N*T]
     */
    Tensor encodeTexts(Tensor ids, Tensor pooledRows) {
        TextConfig text = config.text();
        long T = ids.size(1);
        Tensor positions = parameter("positional_embedding").slice(0, new LongOptional(0), new LongOptional(T), 1);
        Tensor x = embedding(parameter("token_embedding.weight"), ids).add(positions); // [N,T,D]
        for (int layer = 0; layer < text.layers(); layer++) {
            x = block(x, "transformer.resblocks." + layer, text.heads(), text.activation(), true); // [N,T,D]
        }
        // Normalised behind the choice: what is not pooled would be normalised in vain.
        Tensor pooled = x.reshape(-1, text.width()).index_select(0, pooledRows); // [N,D]
        pooled = norm(pooled, "ln_final"); // [N,D]
        return normalize(pooled.matmul(parameter("text_projection"))); // [N,E]
    }

    private Tensor block(Tensor x, String prefix, int heads, Activation activation, boolean causal) {
        long N = x.size(0);
        long T = x.size(1);
        long D = x.size(2);
        Tensor normed = norm(x, prefix + ".ln_1"); // [N,T,D]
        Tensor qkv = linear(normed, parameter(prefix + ".attn.in_proj_weight"), optional(prefix + ".attn.in_proj_bias"))
                .view(N, T, 3, heads, D / heads).permute(2, 0, 3, 1, 4); // [3,N,H,T,D/H]
        Tensor attended = scaled_dot_product_attention(qkv.select(0, 0), qkv.select(0, 1), qkv.select(0, 2),
                new TensorOptional(), 0, causal, new DoubleOptional(), false) // [N,H,T,D/H]
                .transpose(1, 2).reshape(N, T, D); // [N,T,D]
        Tensor middle = x.add(affine(attended, prefix + ".attn.out_proj")); // [N,T,D]
        Tensor sums = affine(norm(middle, prefix + ".ln_2"), prefix + ".mlp.c_fc"); // [N,T,mlpWidth]
        return middle.add(affine(activate(sums, activation), prefix + ".mlp.c_proj")); // [N,T,D]
    }

    private Tensor affine(Tensor x, String prefix) {
        return linear(x, parameter(prefix + ".weight"), optional(prefix + ".bias"));
    }

    private Tensor norm(Tensor x, String prefix) {
        return layer_norm(x, new long[]{x.size(-1)}, optional(prefix + ".weight"), optional(prefix + ".bias"),
                BackwardOperations.EPSILON, false);
    }

    private static Tensor activate(Tensor sums, Activation activation) {
        return switch (activation) {
            case GELU -> gelu(sums);
            // 1.702: QuickGELU, openai/CLIP clip/model.py
            case QUICK_GELU -> sums.mul(sums.mul(new Scalar(1.702)).sigmoid());
            default -> throw new IllegalArgumentException("no transformer of CLIP has it: activation=" + activation);
        };
    }

    private static Tensor normalize(Tensor x) {
        return x.div(x.norm(new ScalarOptional(new Scalar(2)), new long[]{1}, true));
    }
}
