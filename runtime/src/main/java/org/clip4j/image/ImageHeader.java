package org.clip4j.image;

/**
 * What is known of an image before a pixel is decoded.
 *
 * @param format
 *            container
 * @param width
 *            in pixels
 * @param height
 *            in pixels
 * @param mode
 *            the mode that the decoded image will have; null where only the decoder can tell
 * @param exactInJdk
 *            whether the JDK's own decoder gives the reference's pixels
 * @param name
 *            file name or "bytes", for messages
 */
public record ImageHeader(ImageFormat format, int width, int height, PixelMode mode, boolean exactInJdk, String name) {}
