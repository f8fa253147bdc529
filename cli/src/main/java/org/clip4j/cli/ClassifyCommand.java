package org.clip4j.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.Tower;
import org.clip4j.clip.ZeroShotClassifier;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.text.InvalidTextException;
import org.clip4j.text.TextTooLongException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Images to the labels that fit them. */
@Command(name = "classify", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Classifies images by labels, best first; templates are averaged."})
final class ClassifyCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Spec
    private CommandSpec spec;
    @Mixin
    private ModelChoice model;
    @ArgGroup(exclusive = true, multiplicity = "1")
    private LabelSource labelSource;
    @Option(names = "--template", paramLabel = "T", description = {
            "A text with {} where the label goes; repeatable; default: " + ZeroShotClassifier.DEFAULT_TEMPLATE})
    private List<String> templates = new ArrayList<>();
    @Mixin
    private TopChoice top;
    @Mixin
    private TextRules rules;
    @Option(names = "--json", description = "A line per image: {\"image\",\"results\":"
            + "[{\"label\",\"probability\",\"logit\"}...]}.")
    private boolean json;
    @Option(names = "--images", paramLabel = "FILE|-", description = "A file of paths, one per line; - is stdin.")
    private String file;
    @Parameters(paramLabel = "IMAGE", arity = "0..*", description = "Image files.")
    private List<String> images = new ArrayList<>();

    /** Where the labels come from. */
    static final class LabelSource {
        @Option(names = "--labels", paramLabel = "a,b,c", description = "Labels, separated by commas.")
        private String labels;
        @Option(names = "--labels-file", paramLabel = "F", description = "A file of labels, one per line.")
        private String file;
    }

    @Override
    public Integer call() throws IOException {
        if (images.isEmpty() && file == null) {
            throw new ParameterException(spec.commandLine(), "No images: expected IMAGE... or --images FILE|-");
        }
        InputFiles.refuseSharedStdin(labelSource.file, file);
        List<String> labels = labels();
        List<String> prompts = templates.isEmpty() ? List.of(ZeroShotClassifier.DEFAULT_TEMPLATE) : templates;
        try (ClipModel loaded = model.load(clip, rules.ftfy(), Tower.IMAGE, Tower.TEXT)) {
            ZeroShotClassifier classifier = classifier(loaded, labels, prompts);
            Items items = Items.images(images, file);
            try (Progress progress = Progress.items("classify", items.count(), true, clip.console());
                    Embedder embedder = new Embedder(clip.console(), loaded, EmbeddingForm.NORMALIZED, false, item -> {
                        print(classifier, item);
                        progress.step();
                    })) {
                embedder.images(items);
            }
        }
        return clip.console().exitCode();
    }

    private ZeroShotClassifier classifier(ClipModel loaded, List<String> labels, List<String> prompts) {
        try (ClipSession session = loaded.newSession()) {
            return ZeroShotClassifier.build(session, labels, prompts, rules.truncate());
        } catch (TextTooLongException | InvalidTextException e) {
            throw new InputException("label cannot be used: " + firstRefused(loaded.tokenizer(), labels, prompts)
                    + ": " + e.getMessage(), e);
        }
    }

    private String firstRefused(ClipTokenizer tokenizer, List<String> labels, List<String> prompts) {
        for (String label : labels) {
            for (String template : prompts) {
                try {
                    String prompt = template.replace(ZeroShotClassifier.PLACEHOLDER, label);
                    if (rules.truncate()) {
                        tokenizer.encodeTruncated(prompt);
                    } else {
                        tokenizer.encode(prompt);
                    }
                } catch (TextTooLongException | InvalidTextException e) {
                    return "label='" + Console.brief(label) + "' template='" + Console.brief(template) + "'";
                }
            }
        }
        return "labels=" + labels.size();
    }

    private List<String> labels() throws IOException {
        List<String> labels = new ArrayList<>();
        if (labelSource.file == null) {
            labels.addAll(Arrays.asList(labelSource.labels.split(",", -1)));
        } else {
            try (Lines lines = Lines.open("--labels-file", labelSource.file, clip.console())) {
                for (String line = lines.next(); line != null; line = lines.next()) {
                    labels.add(line);
                }
            }
        }
        List<String> stripped = labels.stream().map(String::strip).filter(label -> !label.isEmpty()).toList();
        if (stripped.isEmpty()) {
            throw new InputException("there are no labels: " + (labelSource.file == null
                    ? "--labels '" + labelSource.labels + "'"
                    : "--labels-file " + labelSource.file) + " expected at least 1");
        }
        return stripped;
    }

    private void print(ZeroShotClassifier classifier, Embedded item) {
        Console console = clip.console();
        if (item.failed()) {
            if (json) {
                console.print(Json.line(Json.object("image", item.source(), "error", item.error())));
            }
            return;
        }
        Stream<ZeroShotClassifier.Result> results = classifier.classify(item.embedding()).stream().limit(top.count());
        if (json) {
            List<Map<String, Object>> list = results.map(result -> Json.object("label", result.label(), "probability",
                    result.probability(), "logit", result.logit())).toList();
            console.print(Json.line(Json.object("image", item.source(), "results", list)));
            return;
        }
        console.print(Console.brief(item.source()));
        Table table = new Table(Table.Align.RIGHT, Table.Align.RIGHT, Table.Align.LEFT);
        results.forEach(result -> table.row(
                new Table.Cell(String.format(Locale.ROOT, "%.2f%%", 100 * result.probability()),
                        result.probability()),
                Table.Cell.of(String.format(Locale.ROOT, "%.3f", result.logit())),
                Table.Cell.of(Console.brief(result.label()))));
        table.print(console);
    }
}
