package org.clip4j.cuda;

import org.bytedeco.cuda.cudart.CUfunc_st;

/**
 * A kernel of ours, loaded. Immutable.
 *
 * @param name in the kernels' sources
 * @param function as the driver knows it
 */
record Kernel(String name, CUfunc_st function) {}
