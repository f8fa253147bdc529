/**
 * The model file: its configuration, the table of its tensors, and typed views of a safetensors file.
 *
 * <p>Knows files and names; knows nothing of forward passes, tokenizers or image arithmetic.
 */
package org.clip4j.weights;
