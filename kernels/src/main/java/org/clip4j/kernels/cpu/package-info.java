/**
 * What all CPU backends share: threads, and every operation in plain Java around a {@link
 * org.clip4j.kernels.cpu.MatrixEngine}. A native library comes in as another engine, never as another copy of an
 * operation.
 */
package org.clip4j.kernels.cpu;
