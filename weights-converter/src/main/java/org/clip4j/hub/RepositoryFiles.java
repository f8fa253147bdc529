package org.clip4j.hub;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The files of a repository that a conversion reads, in the order in which the converter looks for them.
 *
 * @param small configuration and vocabulary
 * @param weights a file of weights, or an index that names several
 */
record RepositoryFiles(List<String> small, String weights) {
    private static final String OPEN_CLIP = "open_clip_config.json";
    private static final String HUGGING_FACE = "config.json";
    private static final String MERGES = "merges.txt";

    /** Chooses among all files; empty when they make no model that can be converted. */
    static Optional<RepositoryFiles> choose(Collection<String> files) {
        boolean openClip = files.contains(OPEN_CLIP);
        boolean huggingFace = files.contains(HUGGING_FACE);
        if (openClip && files.contains("open_clip_model.safetensors")) {
            return Optional.of(of(files, OPEN_CLIP, "open_clip_model.safetensors"));
        }
        for (String name : List.of("model.safetensors", "model.safetensors.index.json")) {
            if (huggingFace && files.contains(name)) {
                return Optional.of(of(files, HUGGING_FACE, name));
            }
        }
        if (openClip && files.contains("open_clip_pytorch_model.bin")) {
            return Optional.of(of(files, OPEN_CLIP, "open_clip_pytorch_model.bin"));
        }
        for (String name : List.of("pytorch_model.bin", "pytorch_model.bin.index.json")) {
            if (huggingFace && files.contains(name)) {
                return Optional.of(of(files, HUGGING_FACE, name));
            }
        }
        return Optional.empty();
    }

    private static RepositoryFiles of(Collection<String> files, String config, String weights) {
        List<String> small = new ArrayList<>(List.of(config));
        for (String name : files.contains(MERGES)
                ? List.of("preprocessor_config.json", MERGES, "vocab.json")
                : List.of("preprocessor_config.json", "tokenizer.json")) {
            if (files.contains(name)) {
                small.add(name);
            }
        }
        return new RepositoryFiles(List.copyOf(small), weights);
    }

    /** Whether the weights are in further files, which this one names. */
    boolean isSharded() {
        return weights.endsWith(".index.json");
    }
}
