package org.clip4j.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Texts given one by one, or as a stream of lines. */
final class TextInputs {
    @Option(names = "--text", paramLabel = "T", description = "A text, which may be empty; repeatable.")
    private List<String> texts = new ArrayList<>();
    @Option(names = "--texts", paramLabel = "FILE|-", description = "A file of texts, one per line; - is stdin.")
    private String file;

    /** Those given one by one, then those of the stream. */
    Items items() {
        return Items.texts(texts, file);
    }
}
