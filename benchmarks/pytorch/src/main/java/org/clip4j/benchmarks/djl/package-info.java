/**
 * DJL, the Deep Java Library, on PyTorch's own CPU build: a peer of {@code benchmarks/run peers}. It is fed with a
 * TorchScript file that is written from the bytes of our own model file, so that no Python is needed.
 */
package org.clip4j.benchmarks.djl;
