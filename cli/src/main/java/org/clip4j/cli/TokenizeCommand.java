package org.clip4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.text.InvalidTextException;
import org.clip4j.text.TextTooLongException;
import org.clip4j.weights.ModelFile;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Texts to token ids. */
@Command(name = "tokenize", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Prints a JSON line per text: {\"text\":...,\"tokens\":[...]}, without padding.",
        "A text that fails gives {\"text\":...,\"error\":\"...\"} and exit code 2 at the end."})
final class TokenizeCommand implements Callable<Integer> {
    /** openai/CLIP clip/clip.py: context_length of all published models. */
    private static final int CLIP_CONTEXT_LENGTH = 77;
    private static final String OTHER = ModelChoice.OPTION + ", or a vocabulary with --vocab FILE";

    @ParentCommand
    private ClipCommand clip;
    @Spec
    private CommandSpec spec;
    @ArgGroup(exclusive = true, multiplicity = "0..1")
    private VocabularySource vocabulary = new VocabularySource();
    @Mixin
    private TextRules rules;
    @Option(names = "--jsonl", paramLabel = "FILE|-", description = {
            "A file of JSON strings or {\"text\":...}, one per line; - is stdin."})
    private String jsonl;
    @Option(names = "--texts", paramLabel = "FILE|-", description = "A file of texts, one per line; - is stdin.")
    private String file;
    @SuppressWarnings("UnusedVariable") // the option has no effect here, and is taken wherever results are printed
    @Option(names = "--json", description = "Print JSON lines, which is the default.")
    private boolean json;
    @Parameters(paramLabel = "TEXT", arity = "0..*", description = "Texts, which may be empty.")
    private List<String> texts = new ArrayList<>();

    /** Where the merges come from. */
    static final class VocabularySource {
        @Option(names = "--model", paramLabel = "M", description = ModelChoice.DESCRIPTION)
        private Path model;
        @Option(names = "--vocab", paramLabel = "FILE", description = "BPE merges, bpe_simple_vocab_16e6.txt.gz.")
        private Path vocab;
    }

    @Override
    public Integer call() throws IOException {
        if (texts.isEmpty() && jsonl == null && file == null) {
            throw new ParameterException(spec.commandLine(),
                    "Nothing to tokenize: expected TEXT..., --jsonl FILE|- or --texts FILE|-");
        }
        InputFiles.refuseSharedStdin(jsonl, file);
        ClipTokenizer tokenizer = tokenizer().withFtfy(rules.ftfy());
        Items.texts(texts, file).forEach(clip.console(), (text, problem) -> {
            if (problem == null) {
                print(tokenizer, text);
            } else {
                printError(text, problem.getMessage());
            }
        });
        if (jsonl != null) {
            new Items("--jsonl", List.of(), jsonl, true).forEach(clip.console(), (line, problem) -> {
                if (problem == null) {
                    printJson(tokenizer, line);
                } else {
                    printError(line, problem.getMessage());
                }
            });
        }
        return clip.console().exitCode();
    }

    private ClipTokenizer tokenizer() throws IOException {
        if (vocabulary.vocab != null) {
            InputFiles.refuseFolder("--vocab", vocabulary.vocab);
            return ClipTokenizer.of(BpeMerges.read(vocabulary.vocab), CLIP_CONTEXT_LENGTH);
        }
        try (ModelFile model = ModelChoice.open(vocabulary.model, OTHER, clip)) {
            ByteBuffer merges = model.bpeMerges().orElseThrow(() -> new InputException(
                    "the model has no vocabulary: file=" + model.name() + "; convert it again with --vocab FILE"));
            return ClipTokenizer.of(BpeMerges.parse(merges), model.config().text().contextLength());
        }
    }

    private void printJson(ClipTokenizer tokenizer, String line) {
        String text;
        try {
            text = text(Json.parse(line));
        } catch (InputException e) {
            printError(line, e.getMessage());
            return;
        }
        print(tokenizer, text);
    }

    private static String text(Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Map<?, ?> object && object.get("text") instanceof String text) {
            return text;
        }
        throw new InputException("JSON line is neither a string nor an object with a string 'text'");
    }

    private void print(ClipTokenizer tokenizer, String text) {
        try {
            int[] tokens = rules.truncate() ? tokenizer.encodeTruncated(text) : tokenizer.encode(text);
            clip.console().print(Json.line(Json.object("text", text, "tokens", tokens)));
        } catch (TextTooLongException | InvalidTextException e) {
            printError(text, e.getMessage());
        }
    }

    private void printError(String text, String message) {
        clip.console().itemFailed(text, message);
        clip.console().print(Json.line(Json.object("text", text, "error", Console.oneLine(message))));
    }
}
