/**
 * Cosines, logits and probabilities of embeddings, and the search for the nearest of many; knows nothing of models. Imports
 * kernels, and of the weights only what reads the header of a file.
 */
package org.clip4j.similarity;
