/**
 * The model that comes with the program, as a resource of this artifact: {@code drawn.safetensors}, an ordinary model
 * file. The way in is {@link org.clip4j.embedded.EmbeddedModel}; how it was trained is no matter of this package.
 */
package org.clip4j.embedded;
