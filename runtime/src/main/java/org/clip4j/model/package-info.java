/**
 * The towers, each to be read beside the paper's {@code model.py}: prepared once from a configuration and weights, then
 * run over tensors. Knows backends, configurations and weights by name; knows no files, no texts and no images.
 *
 * <p>Axes in comments: B images or texts, T tokens, D width of a tower, E width of the embedding, R pixels, G patches
 * along a side.
 */
package org.clip4j.model;
