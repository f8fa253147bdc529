package org.clip4j.cli;

import picocli.CommandLine.Option;

/** How texts become tokens, wherever texts are taken. */
final class TextRules {
    @Option(names = "--truncate", description = "Cut texts that have more tokens than the model's context.")
    private boolean truncate;
    @Option(names = "--no-ftfy", description = "Do not repair texts first; matches Hugging Face's tokenizers.")
    private boolean withoutFtfy;

    boolean truncate() {
        return truncate;
    }

    boolean ftfy() {
        return !withoutFtfy;
    }
}
