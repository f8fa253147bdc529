package org.clip4j.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.Tower;
import org.clip4j.similarity.Similarity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** One text against images, or one image against texts. */
@Command(name = "rank", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Orders images by how well a text fits them, or texts by how well they fit an image."}, customSynopsis = {
                "clip rank [--model M] --text T [OPTIONS] IMAGE...",
                "   or: clip rank [--model M] --image F [OPTIONS] TEXT..."})
final class RankCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Spec
    private CommandSpec spec;
    @Mixin
    private ModelChoice model;
    @Mixin
    private ImageInputs images;
    @Mixin
    private TextInputs texts;
    @Mixin
    private TextRules rules;
    @Mixin
    private TopChoice top;
    @Option(names = "--json", description = "{\"query\",\"results\":[{\"item\",\"cosine\",\"logit\"}...]}, best first.")
    private boolean json;
    @Parameters(paramLabel = "ITEM", arity = "0..*", description = "Images with --text, texts with --image.")
    private List<String> items = new ArrayList<>();

    /** An item and how well it fits. */
    private record Ranked(String item, double cosine) {}

    @Override
    public Integer call() throws IOException {
        boolean byText = texts.items().given().size() == 1 && images.items().given().isEmpty()
                && texts.items().file() == null;
        boolean byImage = images.items().given().size() == 1 && texts.items().given().isEmpty()
                && images.items().file() == null;
        if (byText == byImage) {
            throw new ParameterException(spec.commandLine(), "Expected either one --text and IMAGE... (or --images),"
                    + " or one --image and TEXT... (or --texts)");
        }
        if (items.isEmpty() && (byText ? images.items().file() : texts.items().file()) == null) {
            throw new ParameterException(spec.commandLine(), "Nothing to rank: expected "
                    + (byText ? "IMAGE... or --images FILE|-" : "TEXT... or --texts FILE|-"));
        }
        List<Embedded> all = new ArrayList<>();
        float logitScale;
        try (ClipModel loaded = model.load(clip, rules.ftfy(), Tower.IMAGE, Tower.TEXT);
                Embedder embedder = new Embedder(clip.console(), loaded, EmbeddingForm.NORMALIZED, rules.truncate(),
                        all::add)) {
            if (byText) {
                embedder.text(texts.items().given().get(0));
            } else {
                embedder.image(images.items().given().get(0));
            }
            embedder.flush();
            if (!all.get(0).failed()) {
                embedItems(embedder, byText);
            }
            logitScale = loaded.logitScale();
        }
        Embedded query = all.get(0);
        if (!query.failed()) {
            print(query, all.subList(1, all.size()), logitScale);
        } else if (json) {
            clip.console().print(Json.line(Json.object("query", query.source(), "error", query.error())));
        }
        return clip.console().exitCode();
    }

    private void embedItems(Embedder embedder, boolean byText) throws IOException {
        if (byText) {
            embedder.images(Items.images(items, images.items().file()));
        } else {
            embedder.texts(Items.texts(items, texts.items().file()));
        }
    }

    private void print(Embedded query, List<Embedded> found, float logitScale) {
        List<Ranked> ranked = found.stream().filter(item -> !item.failed())
                .map(item -> new Ranked(item.source(), Similarity.cosine(query.embedding(), item.embedding())))
                .sorted(Comparator.comparingDouble(Ranked::cosine).reversed()).limit(top.count()).toList();
        if (json) {
            List<Map<String, Object>> results = ranked.stream().map(item -> Json.object("item", item.item(), "cosine",
                    item.cosine(), "logit", item.cosine() * logitScale)).toList();
            Map<String, Object> result = Json.object("query", query.source(), "results", results);
            Json.putErrors(result, found);
            clip.console().print(Json.line(result));
            return;
        }
        Table table = new Table(Table.Align.RIGHT, Table.Align.RIGHT, Table.Align.RIGHT, Table.Align.LEFT);
        table.row("", "cosine", "logit", Console.brief(query.source()));
        for (int i = 0; i < ranked.size(); i++) {
            double best = ranked.get(0).cosine();
            double worst = ranked.get(ranked.size() - 1).cosine();
            double cosine = ranked.get(i).cosine();
            table.row(Table.Cell.of(Integer.toString(i + 1)),
                    new Table.Cell(String.format(Locale.ROOT, "%.4f", cosine),
                            best > worst ? (cosine - worst) / (best - worst) : -1),
                    Table.Cell.of(String.format(Locale.ROOT, "%.3f", cosine * logitScale)),
                    Table.Cell.of(Console.brief(ranked.get(i).item())));
        }
        table.print(clip.console());
    }
}
