/**
 * Published models: fetched over HTTP into caches that other programs share, converted into a folder of the user's own,
 * found there by name, and checked against numbers that others have published.
 *
 * <p>Servers are hostile here: lengths, names and hashes are checked before anything gets its final name, redirects are
 * followed by hand so that a token stays with the host that it is for. What a checkpoint means is the converter's
 * business; printing is the command line's.
 */
package org.clip4j.hub;
