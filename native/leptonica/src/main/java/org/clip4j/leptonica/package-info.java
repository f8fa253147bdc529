/**
 * JPEG and WebP decoding by libjpeg-turbo and libwebp as the Leptonica preset brings them. The only place that names
 * Leptonica; reached through {@link org.clip4j.image.ImageCodec} and {@link java.util.ServiceLoader}.
 */
package org.clip4j.leptonica;
