/** Cosines, logits and probabilities of embeddings; knows nothing of models. */
package org.clip4j.similarity;
