/**
 * The speed of a training step beside that of PyTorch, with the same model, weights and batches: {@code benchmarks/run
 * training}. Each side runs in a process of its own, so that neither disturbs the other's threads and matrix library.
 * Nothing outside this package may depend on PyTorch.
 */
package org.clip4j.benchmarks.pytorch;
