/**
 * Contrastive training of CLIP: backward passes, loss, optimizer, and the loop around them.
 *
 * <p>Forward passes are those of a {@link org.clip4j.kernels.Backend}; what is added here is one backward pass per
 * operation, in the manner of karpathy/llm.c: a slow, obvious one in double precision, checked against finite
 * differences, and a fast one, checked against it. Weights, gradients and activations lie off-heap; a step may allocate
 * small objects on the heap, nothing that grows with the batch. Command lines, files of pictures and anything that
 * prints do not belong here.
 */
package org.clip4j.training;
