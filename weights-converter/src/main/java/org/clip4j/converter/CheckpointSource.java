package org.clip4j.converter;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.clip4j.kernels.Activation;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.JsonFields;

/** Opened weights, and the configuration that goes with them. */
record CheckpointSource(Checkpoint checkpoint, String format, ClipConfig config) {
    private static final int MAX_CONFIG_BYTES = 4 << 20;
    private static final List<String> HUGGING_FACE_FILES = List.of("model.safetensors", "model.safetensors.index.json",
            "pytorch_model.bin", "pytorch_model.bin.index.json");
    private static final List<String> OPEN_CLIP_FILES = List.of("open_clip_model.safetensors",
            "open_clip_pytorch_model.bin");

    /** Finds out what a path is, by the files of a folder or the first bytes of a file. */
    static CheckpointSource open(Path path, Optional<Activation> activation, List<String> warnings)
            throws IOException {
        if (!Files.isDirectory(path)) {
            return single(path, activation, warnings);
        }
        Path openClip = path.resolve("open_clip_config.json");
        if (Files.exists(openClip)) {
            JsonFields root = config(openClip);
            return folder(path, OPEN_CLIP_FILES, "open_clip folder",
                    () -> OpenClipConfig.read(root, activation));
        }
        Path huggingFace = path.resolve("config.json");
        if (Files.exists(huggingFace)) {
            JsonFields root = config(huggingFace);
            Path preprocessor = path.resolve("preprocessor_config.json");
            Optional<JsonFields> image = Files.exists(preprocessor)
                    ? Optional.of(config(preprocessor))
                    : Optional.empty();
            return folder(path, HUGGING_FACE_FILES, "Hugging Face folder",
                    () -> HuggingFaceConfig.read(root, image, activation, warnings));
        }
        throw new CheckpointException("folder holds no model, it has neither config.json nor open_clip_config.json:"
                + " folder=" + path);
    }

    private interface ConfigReader {
        ClipConfig read() throws IOException;
    }

    private static CheckpointSource folder(Path folder, List<String> candidates, String format, ConfigReader reader)
            throws IOException {
        ClipConfig config;
        try {
            config = reader.read();
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(e.getMessage() + " folder=" + folder, e);
        }
        for (String name : candidates) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                List<Path> files = name.endsWith(".index.json") ? shards(file) : List.of(file);
                Checkpoint checkpoint = CheckpointFiles.open(files);
                return new CheckpointSource(checkpoint, format + " (" + checkpoint.format() + ")", config);
            }
        }
        throw new CheckpointException("folder has a configuration but no weights: folder=" + folder + " expected="
                + candidates);
    }

    /** The files that an index names; plain names in the same folder. */
    private static List<Path> shards(Path index) throws IOException {
        JsonFields map = config(index).object("weight_map");
        TreeSet<String> names = new TreeSet<>();
        for (String tensor : map.names()) {
            String name = map.string(tensor);
            if (!isPlainName(name)) {
                throw map.wrong(tensor, "a file in the same folder", name);
            }
            names.add(name);
        }
        return names.stream().map(name -> index.resolveSibling(name)).toList();
    }

    private static boolean isPlainName(String name) {
        if (name.startsWith(".")) {
            return false;
        }
        try {
            Path last = Path.of(name).getFileName(); // null for a root
            return last != null && name.equals(last.toString()) && !name.isEmpty();
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static JsonFields config(Path file) throws IOException {
        long sizeBytes = Files.size(file);
        if (sizeBytes > MAX_CONFIG_BYTES) {
            throw new CheckpointException("configuration is too long: file=" + file + " maxBytes=" + MAX_CONFIG_BYTES
                    + " actualBytes=" + sizeBytes);
        }
        return JsonFields.parse(file.toString(), new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    }

    private static CheckpointSource single(Path file, Optional<Activation> activation, List<String> warnings)
            throws IOException {
        Checkpoint checkpoint = CheckpointFiles.open(List.of(file));
        try {
            Map<String, StoredTensor> tensors = checkpoint.tensors();
            Layout layout = Layout.of(tensors);
            if (layout == Layout.HUGGING_FACE) {
                throw new CheckpointException("Hugging Face weights need their configuration: file=" + file
                        + "; give the folder that holds config.json");
            }
            List<String> unsaid = new ArrayList<>();
            if (activation.isEmpty() && !checkpoint.torchScript()) {
                unsaid.add("checkpoint does not say its activation: taken as QuickGELU; if it was trained with exact"
                        + " GELU, give --activation gelu");
            }
            ClipConfig config = ShapeConfig.infer(layout.toOpenAi(tensors), activation.orElse(Activation.QUICK_GELU),
                    file.toString());
            warnings.addAll(unsaid);
            return new CheckpointSource(checkpoint, checkpoint.format(), config);
        } catch (IOException | RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }
}
