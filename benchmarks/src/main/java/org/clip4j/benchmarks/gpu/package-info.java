/**
 * Graphics cards beside the processor, as one table: {@code benchmarks/run gpu-vs-cpu}. Runs from a bundle too, so nothing
 * here needs JMH, ONNX Runtime or the test module.
 */
package org.clip4j.benchmarks.gpu;
