package org.clip4j.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Images given one by one, or as a stream of paths. */
final class ImageInputs {
    @Option(names = "--image", paramLabel = "F", description = "An image file; repeatable.")
    private List<String> images = new ArrayList<>();
    @Option(names = "--images", paramLabel = "FILE|-", description = "A file of paths, one per line; - is stdin.")
    private String file;

    /** Those given one by one, then those of the stream. */
    Items items() {
        return Items.images(images, file);
    }
}
