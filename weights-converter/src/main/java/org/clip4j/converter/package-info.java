/**
 * Turns checkpoints into model files: readers for the formats that users have, configuration from their metadata or
 * shapes, mapping by the one table of tensors; and models made from a hash, which need no checkpoint.
 *
 * <p>Input is hostile here: arithmetic is checked, memory is capped before it is allocated, a pickle makes tensors and
 * plain values and calls nothing. Forward passes, tokenizing and printing do not belong here.
 */
package org.clip4j.converter;
