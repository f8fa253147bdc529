package org.clip4j.hub;

import java.nio.file.Path;
import java.util.List;

/**
 * A converted model in the user's folder.
 *
 * @param name it was pulled by
 * @param revision of the repository; {@link ModelShelf#PUBLISHED} for OpenAI's files
 * @param variant {@code source} for weights as published, else their type: f32, f16, bf16
 * @param path of the model file
 * @param sizeBytes length of the model file
 * @param warnings of the conversion, one line each; empty when it was there already
 */
public record PulledModel(String name, String revision, String variant, Path path, long sizeBytes,
        List<String> warnings) {
    /** Takes a copy of the list. */
    public PulledModel {
        warnings = List.copyOf(warnings);
    }
}
