package org.clip4j.weights;

import java.util.Optional;

/**
 * Where a model's weights came from.
 *
 * @param file name of the checkpoint, or how the weights were generated
 * @param sha256 of the checkpoint's bytes, lower-case hexadecimal; of a folder, of its weight files one after the other
 *     in the order of their names; empty for generated weights
 */
public record ModelSource(String file, Optional<String> sha256) {}
