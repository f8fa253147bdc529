/**
 * The peer: writes a model as an ONNX graph and runs it in ONNX Runtime. Knows the model file, but nothing of our own
 * towers, so that the two can check each other.
 */
package org.clip4j.benchmarks.onnx;
