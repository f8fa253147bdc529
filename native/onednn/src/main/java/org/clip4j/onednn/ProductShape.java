package org.clip4j.onednn;

import org.clip4j.kernels.Activation;

/**
 * What primitives of layers have in common whatever their rows: layers of one shape share them. An engine has one object
 * for each, so that they are compared by identity.
 *
 * @param format of the weights
 * @param add true when the product is added to the output
 * @param activation that the library applies
 */
record ProductShape(LayerFormat format, boolean add, Activation activation) {}
