/**
 * From text to token ids: the repair of broken text (ftfy), HTML references, cleaning, and CLIP's byte-level BPE.
 *
 * <p>
 * {@link org.clip4j.text.ClipTokenizer} is the way in, {@link org.clip4j.text.BpeMerges} holds a vocabulary. Facts about
 * characters live in text resources beside the classes, so that results do not depend on the JDK's Unicode version.
 * Nothing here may import models, weights, kernels or images.
 */
package org.clip4j.text;
