package org.clip4j.training.evaluation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Sets of prompts by name, each with {@code {}} where the class goes: {@code imagenet80} and {@code imagenet7}, from
 * notebooks/Prompt_Engineering_for_ImageNet.ipynb of openai/CLIP, and {@code drawn}, sentences that the drawn
 * world uses.
 * Stateless.
 */
public final class Templates {
    /** The set for the drawn world. */
    public static final String DRAWN = "drawn";

    private static final List<String> NAMES = List.of("imagenet80", "imagenet7", DRAWN);

    private Templates() {}

    /** All names. */
    public static List<String> names() {
        return NAMES;
    }

    /** The set of a name, or nothing when there is none. */
    public static Optional<List<String>> named(String name) {
        if (!NAMES.contains(name)) {
            return Optional.empty();
        }
        try (InputStream in = Templates.class.getResourceAsStream(name + ".txt")) {
            return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList());
        } catch (IOException e) {
            throw new UncheckedIOException("the jar is damaged: resource=" + name + ".txt", e);
        }
    }
}
