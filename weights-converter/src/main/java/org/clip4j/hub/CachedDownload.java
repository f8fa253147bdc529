package org.clip4j.hub;

import java.nio.file.Path;

/**
 * What a pull, or another program, has fetched for a model.
 *
 * @param name that pulls it
 * @param folder that holds it
 * @param sizeBytes of all files, partial ones included
 * @param complete whether no partial file is among them
 */
public record CachedDownload(String name, Path folder, long sizeBytes, boolean complete) {}
