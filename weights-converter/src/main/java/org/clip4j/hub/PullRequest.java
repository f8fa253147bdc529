package org.clip4j.hub;

import java.nio.file.Path;
import java.util.Optional;
import org.clip4j.kernels.DType;

/**
 * What to pull.
 *
 * @param name of one of OpenAI's models, for example {@code ViT-B/32}, or {@code ORG/NAME} of the Hugging Face hub
 * @param revision branch, tag or commit of a repository of the hub; empty: main
 * @param address another one for OpenAI's file
 * @param dtype F32, F16 or BF16 for all weights; empty: each as published
 * @param vocab merges as OpenAI publishes them; empty: fetched too
 */
public record PullRequest(String name, Optional<String> revision, Optional<String> address, Optional<DType> dtype,
        Optional<Path> vocab) {
    /** A model as it was published. */
    public static PullRequest of(String name) {
        return new PullRequest(name, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }
}
