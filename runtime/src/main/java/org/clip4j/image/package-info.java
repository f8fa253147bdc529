/**
 * From an image file or decoded rows to the pixels and the tensor that a CLIP image tower takes.
 *
 * <p>{@link org.clip4j.image.ImageDecoder} turns bytes into a {@link org.clip4j.image.PixelImage} in the image's own
 * mode; {@link org.clip4j.image.Preprocessor} resizes, crops, converts to RGB and normalises, bit for bit as the
 * reference implementation does. Containers are read by libraries, found through
 * {@link org.clip4j.image.ImageCodec}; what stands here is pixel arithmetic and the checks that come before it.
 *
 * <p>Nothing here knows of models, weights or text. Images live outside the Java heap; the heap sees single rows.
 */
package org.clip4j.image;
