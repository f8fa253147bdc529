package org.clip4j.benchmarks.djl;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.VisionConfig;

/**
 * Writes the image tower of a model file as a TorchScript file whose constants are the model's weights. Batch size is
 * free. What it computes are calls of PyTorch's operators, fused attention included; in bf16 weights and activations
 * are of that type, as after {@code model.to(torch.bfloat16)}.
 *
 * <p>Source: openai/CLIP clip/model.py, VisionTransformer.
 */
final class ImageTowerScript {
    // 1e-5: torch.nn.LayerNorm's default, which openai/CLIP uses.
    private static final String EPSILON = "1.0000000000000001e-05";
    // 1.702: QuickGELU, openai/CLIP clip/model.py
    private static final String QUICK_GELU = "1.702";
    // c10/core/ScalarType.h
    private static final int FLOAT = 6;
    private static final int BFLOAT16 = 15;

    private final ModelFile model;
    private final VisionConfig.Transformer vision;
    private final ScriptArchive archive;
    private final StringBuilder source = new StringBuilder();

    private ImageTowerScript(ModelFile model, VisionConfig.Transformer vision, ScriptArchive archive) {
        this.model = model;
        this.vision = vision;
        this.archive = archive;
    }

    /**
     * Writes the tower beside the model file.
     *
     * @param dtype of weights and activations: F32 or BF16; input and output are f32
     * @return the file, {@code .pt}
     * @throws IllegalArgumentException when the tower is not a vision transformer
     */
    static Path write(ModelFile model, DType dtype) throws IOException {
        if (!(model.config().vision() instanceof VisionConfig.Transformer vision)) {
            throw new IllegalArgumentException("only vision transformers are written as TorchScript: file="
                    + model.path());
        }
        Path file = model.path().resolveSibling(
                model.path().getFileName() + ".image." + dtype.name().toLowerCase(Locale.ROOT) + ".pt");
        try (ScriptArchive archive = new ScriptArchive(file, dtype)) {
            ImageTowerScript script = new ImageTowerScript(model, vision, archive);
            script.forward(dtype == DType.BF16);
            archive.finish(script.source.toString());
        }
        return file;
    }

    private void forward(boolean bfloat16) throws IOException {
        int D = vision.width();
        int P = vision.patchSize();
        int T = 1 + vision.grid() * vision.grid();
        source.append("  def forward(self: __torch__.").append(ScriptArchive.CLASS_NAME)
                .append(", pixels: Tensor) -> Tensor:\n");
        line("B = torch.size(pixels, 0)");
        line("input = torch.to(pixels, %d)", bfloat16 ? BFLOAT16 : FLOAT); // [B,3,R,R]
        line("grid = torch.conv2d(input, %s, None, [%d, %d], [0, 0], [1, 1], 1)",
                constant("visual.conv1.weight", D, 3, P, P), P, P); // [B,D,G,G]
        line("patches = torch.transpose(torch.flatten(grid, 2), 1, 2)"); // [B,G*G,D]
        line("class_token = torch.expand(%s, [B, 1, %d])", constant("visual.class_embedding", 1, 1, D), D); // [B,1,D]
        line("tokens = torch.cat([class_token, patches], 1)"); // [B,T,D]
        line("placed = torch.add(tokens, %s)", constant("visual.positional_embedding", T, D)); // [B,T,D]
        String x = layerNorm("x", "visual.ln_pre", "placed"); // [B,T,D]
        for (int layer = 0; layer < vision.layers(); layer++) {
            x = block("visual.transformer.resblocks." + layer + ".", layer, x); // [B,T,D]
        }
        line("pooled = torch.select(%s, 1, 0)", x); // [B,D]
        String normed = layerNorm("normed", "visual.ln_post", "pooled"); // [B,D]
        line("embeddings = torch.matmul(%s, %s)", normed,
                constant("visual.proj", D, model.config().embedDim())); // [B,E]
        line("return torch.to(embeddings, %d)", FLOAT);
    }

    private String block(String prefix, int layer, String x) throws IOException {
        int D = vision.width();
        int H = vision.heads();
        int T = 1 + vision.grid() * vision.grid();
        String normed = layerNorm("normed" + layer, prefix + "ln_1", x); // [B,T,D]
        String qkv = linear("qkv" + layer, prefix + "attn.in_proj_", 3 * D, D, normed); // [B,T,3D]
        line("heads%d = torch.permute(torch.view(%s, [B, %d, 3, %d, %d]), [2, 0, 3, 1, 4])", layer, qkv, T, H,
                D / H); // [3,B,H,T,Dh]
        line("attended%d = torch.scaled_dot_product_attention(torch.select(heads%d, 0, 0), torch.select(heads%d, 0, 1),"
                + " torch.select(heads%d, 0, 2))", layer, layer, layer, layer); // [B,H,T,Dh]
        line("rows%d = torch.reshape(torch.transpose(attended%d, 1, 2), [B, %d, %d])", layer, layer, T, D); // [B,T,D]
        String projected = linear("projected" + layer, prefix + "attn.out_proj.", D, D, "rows" + layer); // [B,T,D]
        line("middle%d = torch.add(%s, %s)", layer, x, projected); // [B,T,D]
        String second = layerNorm("second" + layer, prefix + "ln_2", "middle" + layer); // [B,T,D]
        String hidden = linear("hidden" + layer, prefix + "mlp.c_fc.", vision.mlpWidth(), D, second); // [B,T,M]
        if (vision.activation() == Activation.GELU) {
            line("active%d = torch.gelu(%s)", layer, hidden); // [B,T,M]
        } else {
            line("active%d = torch.mul(%s, torch.sigmoid(torch.mul(%s, " + QUICK_GELU + ")))", layer, hidden, hidden);
        }
        String output = linear("output" + layer, prefix + "mlp.c_proj.", D, vision.mlpWidth(), "active" + layer);
        line("x%d = torch.add(middle%d, %s)", layer, layer, output); // [B,T,D]
        return "x" + layer;
    }

    private String layerNorm(String result, String prefix, String x) throws IOException {
        int D = vision.width();
        line("%s = torch.layer_norm(%s, [%d], %s, %s, " + EPSILON + ")", result, x, D,
                constant(prefix + ".weight", D), constant(prefix + ".bias", D));
        return result;
    }

    private String linear(String result, String prefix, int out, int in, String x) throws IOException {
        line("%s = torch.linear(%s, %s, %s)", result, x, constant(prefix + "weight", out, in),
                constant(prefix + "bias", out));
        return result;
    }

    private String constant(String name, int... shape) throws IOException {
        Tensor tensor = model.tensor(name);
        if (tensor.dtype() != DType.F32) {
            throw new IllegalArgumentException("the script takes f32 weights only: name=" + name + " actual="
                    + tensor.dtype() + " file=" + model.path() + "; convert with --dtype f32");
        }
        return archive.constant(tensor, shape);
    }

    private void line(String format, Object... arguments) {
        source.append("    ").append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
}
