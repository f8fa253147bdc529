package org.clip4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.clip4j.clip.ClipModel;
import org.clip4j.training.dataset.Samples;
import org.clip4j.training.evaluation.ChoiceMetrics;
import org.clip4j.training.evaluation.ClassMetrics;
import org.clip4j.training.evaluation.Evaluator;
import org.clip4j.training.evaluation.PromptMetrics;

/** The results of an evaluation, for people and for programs. */
final class EvalReport {
    /** Worst classes and most frequent confusions that people see. */
    private static final int SHOWN = 5;

    private final Console console;
    private final String task;
    private final Map<String, Object> dataset;
    private final Map<String, Object> model;
    private final Long seed;
    private final Map<String, Object> settings = new LinkedHashMap<>();
    private final Map<String, Object> metrics = new LinkedHashMap<>();
    private final Map<String, Object> counts = new LinkedHashMap<>();
    private final Table table = new Table(Table.Align.LEFT, Table.Align.RIGHT, Table.Align.LEFT);

    EvalReport(ClipCommand clip, ClipModel loaded, String modelSha256, EvalData source, Samples samples, String task) {
        this.console = clip.console();
        this.task = task;
        this.seed = source.seed();
        dataset = Json.object("data", source.names(), "samples", samples.size(), "identity", samples.identity());
        model = Json.object("file", loaded.name(), "sha256", modelSha256);
        settings.put("backend", loaded.backendName());
        settings.put("precision", clip.backendChoice().precision().label());
        settings.put("threads", clip.backendChoice().threads());
        table.row("task", "", task);
        table.row("data", "", Console.brief(String.join(" ", source.names())));
    }

    void setting(String name, Object value) {
        settings.put(name, value);
    }

    /** All that the results depend on; the number of threads is left out, it moves them by rounding only. */
    Map<String, String> settings() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("model", (String) model.get("sha256"));
        all.put("dataset", (String) dataset.get("identity"));
        all.put("task", task);
        settings.forEach((name, value) -> all.put(name, String.valueOf(value)));
        all.remove("threads");
        return all;
    }

    void classes(Evaluator.ClassResult result, List<String> names) {
        ClassMetrics all = result.metrics();
        counts(all.overall().count(), result.unusable());
        counts.put("classes", names.size());
        metrics.putAll(choice(all.overall(), true));
        metrics.put("meanPerClassRecall", all.meanPerClassRecall());
        row("top-1", all.overall().top1(), all.overall().count() + " pictures, " + names.size() + " classes");
        row("top-5", all.overall().top5(), "");
        row("mean per-class recall", all.meanPerClassRecall(), "");
        row("chance", all.overall().chance(), "");
        parts(result.parts());
        List<Map<String, Object>> recalls = new ArrayList<>();
        for (ClassMetrics.ClassRecall recall : all.classes()) {
            recalls.add(Json.object("class", names.get(recall.label()), "recall", recall.recall(), "count",
                    recall.count()));
            if (recalls.size() <= SHOWN && recall.right() < recall.count()) {
                row("worst: " + Table.cut(names.get(recall.label()), 40), recall.recall(),
                        recall.right() + " of " + recall.count());
            }
        }
        metrics.put("perClass", recalls);
        List<Map<String, Object>> confusions = new ArrayList<>();
        for (ClassMetrics.Confusion confusion : all.confusions().stream().limit(100).toList()) {
            String label = names.get(confusion.label());
            String answer = names.get(confusion.answer());
            confusions.add(Json.object("class", label, "answer", answer, "count", confusion.count()));
            if (confusions.size() <= SHOWN) {
                table.row("taken for another: " + Table.cut(label, 40), String.valueOf(confusion.count()),
                        "as " + Table.cut(answer, 40));
            }
        }
        metrics.put("confusions", confusions);
    }

    void prompts(Evaluator.PromptResult result, List<String> templates) {
        PromptMetrics all = result.metrics();
        counts(all.count(), result.unusable());
        List<Map<String, Object>> each = new ArrayList<>();
        for (int i = 0; i < templates.size(); i++) {
            each.add(Json.object("template", templates.get(i), "top1", all.templates().get(i)));
            row(Table.cut(templates.get(i), 50), all.templates().get(i), "");
        }
        metrics.put("templates", each);
        metrics.put("ensemble", all.ensemble());
        metrics.put("median", all.median());
        metrics.put("least", all.least());
        metrics.put("most", all.most());
        metrics.put("deviation", all.deviation());
        row("least", all.least(), "of " + templates.size() + " templates");
        row("median", all.median(), "");
        row("most", all.most(), "");
        row("deviation", all.deviation(), "");
        row("ensemble", all.ensemble(), all.count() + " pictures");
    }

    void choices(Evaluator.ChoiceResult result) {
        counts(result.overall().count(), result.unusable());
        metrics.putAll(choice(result.overall(), false));
        row("top-1", result.overall().top1(), result.overall().count() + " pictures");
        row("chance", result.overall().chance(), "");
        parts(result.parts());
    }

    /** The oracle is null where nobody can read the scene. */
    void pairs(Evaluator.PairResult result, Double oracle) {
        counts(result.imageToText().count(), result.unusable());
        counts.put("groups", result.groups());
        counts.put("leftOut", result.leftOut());
        metrics.put("pickOneOf", settings.get("group"));
        metrics.put("imageToText", recalls(result.imageToText()));
        metrics.put("textToImage", recalls(result.textToImage()));
        metrics.put("chance", result.imageToText().chance());
        String groups = result.groups() == 1 ? "" : ", " + result.groups() + " groups";
        row("image to text: one of " + settings.get("group"), result.imageToText().top1(),
                result.imageToText().count() + " pairs" + groups);
        row("image to text: recall@5", result.imageToText().top5(), "");
        row("image to text: recall@10", result.imageToText().top10(), "");
        row("text to image: one of " + settings.get("group"), result.textToImage().top1(), "");
        row("text to image: recall@5", result.textToImage().top5(), "");
        row("text to image: recall@10", result.textToImage().top10(), "");
        row("chance", result.imageToText().chance(), "");
        if (oracle != null) {
            metrics.put("oracle", oracle);
            row("oracle", oracle, "reads the scene");
        }
        if (result.leftOut() > 0) {
            table.row("left out", String.valueOf(result.leftOut()), "pairs that make no whole group");
        }
    }

    private void counts(int used, int unusable) {
        counts.put("used", used);
        counts.put("unusable", unusable);
        if (unusable > 0) {
            table.row("unusable", String.valueOf(unusable), "left out");
        }
    }

    private void parts(Map<String, ChoiceMetrics> parts) {
        if (parts.isEmpty()) {
            return;
        }
        Map<String, Object> all = new LinkedHashMap<>();
        parts.forEach((name, part) -> {
            all.put(name, choice(part, false));
            row("top-1, " + name, part.top1(), part.count() + " pictures");
        });
        metrics.put("parts", all);
    }

    private static Map<String, Object> choice(ChoiceMetrics part, boolean top5) {
        Map<String, Object> all = Json.object("count", part.count(), "top1", part.top1());
        if (top5) {
            all.put("top5", part.top5());
        }
        all.put("chance", part.chance());
        return all;
    }

    private static Map<String, Object> recalls(ChoiceMetrics all) {
        return Json.object("recall@1", all.top1(), "recall@5", all.top5(), "recall@10", all.top10());
    }

    private void row(String name, double share, String note) {
        String percent = String.format(Locale.ROOT, "%.2f%%", 100 * share);
        if (note.isEmpty()) {
            table.row(name, percent);
        } else {
            table.row(name, percent, note);
        }
    }

    void print(boolean json) {
        if (!json) {
            table.print(console);
            return;
        }
        Map<String, Object> all = Json.object("dataset", dataset, "model", model, "task", task, "metrics", metrics,
                "counts", counts);
        if (seed != null) {
            all.put("seed", seed);
        }
        all.put("settings", settings);
        console.print(Json.line(all));
    }
}
