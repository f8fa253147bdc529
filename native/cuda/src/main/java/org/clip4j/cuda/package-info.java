/**
 * CLIP's operations on NVIDIA GPUs: matrix products through cublasLt, convolutions where that is faster through cuDNN,
 * all else through our own kernels, whole forward passes recorded as CUDA graphs. Nothing here decides what is
 * computed; that is the runtime's.
 */
package org.clip4j.cuda;
