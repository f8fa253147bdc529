package org.clip4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.clip4j.kernels.Activation;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.SafetensorsHeader;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** What a model file says about itself. */
@Command(name = "info", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Shows a model's towers, sizes, activation, preprocessing, tokenizer, precision and source."})
final class InfoCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Parameters(paramLabel = "MODEL", arity = "0..1", description = ModelChoice.DESCRIPTION)
    private Path model;
    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        Map<String, Object> facts;
        try (ModelFile file = ModelChoice.open(model, "clip info FILE", clip)) {
            facts = facts(file);
        }
        if (json) {
            clip.console().print(Json.line(facts));
        } else {
            printTable("", facts);
        }
        return ExitCodes.OK;
    }

    private static Map<String, Object> facts(ModelFile file) {
        ClipConfig config = file.config();
        long parameters = 0;
        for (SafetensorsHeader.Entry entry : file.entries()) {
            if (entry.dtype().isFloatingPoint()) {
                parameters += entry.sizeBytes() / entry.dtype().sizeBytes();
            }
        }
        Map<String, Object> source = Json.object("file", file.source().file());
        file.source().sha256().ifPresent(hash -> source.put("sha256", hash));
        return Json.object("file", file.name(), "size_bytes", file.sizeBytes(), "parameters", parameters,
                "precision", file.precision(), "embed_dim", config.embedDim(), "vision", vision(config.vision()),
                "text", text(config.text()),
                "preprocess", Json.object("size", config.preprocess().size(), "resize", "shortest edge, centre crop",
                        "interpolation", "bicubic, antialiased", "mean", config.preprocess().mean(), "std",
                        config.preprocess().std()),
                "tokenizer", tokenizer(file), "source", source);
    }

    private static Map<String, Object> vision(VisionConfig config) {
        if (config instanceof VisionConfig.Transformer vision) {
            return Json.object("type", "transformer", "image_resolution", vision.imageResolution(), "patch_size",
                    vision.patchSize(), "width", vision.width(), "layers", vision.layers(), "heads", vision.heads(),
                    "mlp_width", vision.mlpWidth(), "activation", name(vision.activation()));
        }
        VisionConfig.ModifiedResNet vision = (VisionConfig.ModifiedResNet) config;
        return Json.object("type", "modified_resnet", "image_resolution", vision.imageResolution(), "width",
                vision.width(), "layers", vision.layers(), "heads", vision.heads());
    }

    private static Map<String, Object> text(TextConfig text) {
        return Json.object("context_length", text.contextLength(), "vocab_size", text.vocabSize(), "width",
                text.width(), "layers", text.layers(), "heads", text.heads(), "mlp_width", text.mlpWidth(),
                "activation", name(text.activation()), "pooling",
                text.eotToken() == TextConfig.LARGEST_ID
                        ? "first occurrence of the largest id"
                        : "first occurrence of id " + text.eotToken());
    }

    private static Map<String, Object> tokenizer(ModelFile file) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("type", "clip-bpe");
        facts.put("vocabulary", file.bpeMerges().isPresent());
        if (file.bpeMerges().isPresent()) {
            ByteBuffer merges = file.bpeMerges().get();
            int lines = 0;
            for (int i = merges.position(); i < merges.limit(); i++) {
                lines += merges.get(i) == '\n' ? 1 : 0;
            }
            facts.put("merges", lines);
        } else {
            facts.put("remedy", "convert again with --vocab to use texts");
        }
        return facts;
    }

    private static String name(Activation activation) {
        return activation == Activation.QUICK_GELU ? "quickgelu" : "gelu";
    }

    private void printTable(String prefix, Map<?, ?> facts) {
        Table table = new Table(Table.Align.LEFT, Table.Align.LEFT);
        addRows(table, prefix, facts);
        table.print(clip.console());
    }

    private static void addRows(Table table, String prefix, Map<?, ?> facts) {
        facts.forEach((name, value) -> {
            if (value instanceof Map<?, ?> nested) {
                addRows(table, prefix + name + " ", nested);
            } else {
                table.row((prefix + name).replace('_', ' '), String.valueOf(value));
            }
        });
    }
}
