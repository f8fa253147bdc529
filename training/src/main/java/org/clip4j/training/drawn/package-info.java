/**
 * The drawn world: pictures of coloured shapes, digits and short words with captions in English, made from a seed.
 *
 * <p>
 * {@link org.clip4j.training.drawn.DrawnWorld} is the way in. The same seed and index give the same scene, caption and
 * bytes on every platform and JDK: arithmetic is that of Java's strict floating point and {@link StrictMath}, random
 * numbers are our own, glyphs are strokes. Fonts, AWT, files, models and training itself do not belong here.
 */
package org.clip4j.training.drawn;
