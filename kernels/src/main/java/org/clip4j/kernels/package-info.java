/**
 * The numeric contract: tensors over off-heap memory, arenas, and the operations that a backend offers.
 *
 * <p>What lives here needs the JDK only. Native libraries, files, and anything that knows what CLIP is do not belong
 * here.
 */
package org.clip4j.kernels;
