/**
 * The public face: load a model, open sessions, embed images and texts, classify. Everything else in this artifact is
 * there for these classes, and may change between versions.
 */
package org.clip4j.clip;
