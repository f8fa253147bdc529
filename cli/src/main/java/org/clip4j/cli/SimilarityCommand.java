package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Every image against every text. */
@Command(name = "similarity", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Prints the cosine of every image with every text."})
final class SimilarityCommand implements Callable<Integer> {
    private static final int MAX_COLUMN = 24;
    private static final int DECIMALS = 4;

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
    @Option(names = "--json", description = "Print {\"cosine\":[[...]],\"logits\":[[...]]}, a row per image.")
    private boolean json;
    @Option(names = "--png", paramLabel = "FILE", description = {
            "Also draw the matrix; replaces nothing but such a picture."})
    private Path png;

    @Override
    public Integer call() throws IOException {
        if (images.items().isEmpty() || texts.items().isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "Expected at least one image (--image, --images) and one text (--text, --texts)");
        }
        InputFiles.refuseSharedStdin(images.items().file(), texts.items().file());
        if (png != null) {
            PngFile.writable(png);
        }
        List<Embedded> rows = new ArrayList<>();
        List<Embedded> columns = new ArrayList<>();
        float logitScale;
        try (ClipModel loaded = model.load(clip, rules.ftfy(), Tower.IMAGE, Tower.TEXT);
                Embedder embedder = new Embedder(clip.console(), loaded, EmbeddingForm.NORMALIZED, rules.truncate(),
                        item -> (item.kind().equals("text") ? columns : rows).add(item))) {
            embedder.images(images.items());
            embedder.texts(texts.items());
            logitScale = loaded.logitScale();
        }
        Double[][] cosines = cosines(rows, columns);
        HeatMap map = new HeatMap(rows.stream().map(Embedded::source).toList(),
                columns.stream().map(Embedded::source).toList(), cosines, DECIMALS, false);
        if (png != null) {
            List<Thumbnail> pictures = Thumbnail.of(rows);
            Drawing chart = HeatMapChart.draw(map, pictures, "cosine of image and text");
            PngFile.write(png, chart.rgb(), chart.width(), chart.height());
        }
        if (json) {
            printJson(rows, columns, cosines, logitScale);
        } else if (clip.console().colored()) {
            map.lines(clip.console().colours()).forEach(clip.console()::print);
        } else {
            printTable(rows, columns, map);
        }
        return clip.console().exitCode();
    }

    /** Null where an item has failed. */
    static Double[][] cosines(List<Embedded> rows, List<Embedded> columns) {
        Double[][] cosines = new Double[rows.size()][columns.size()];
        for (int i = 0; i < rows.size(); i++) {
            for (int j = 0; j < columns.size(); j++) {
                if (!rows.get(i).failed() && !columns.get(j).failed()) {
                    cosines[i][j] = Similarity.cosine(rows.get(i).embedding(), columns.get(j).embedding());
                }
            }
        }
        return cosines;
    }

    private void printJson(List<Embedded> rows, List<Embedded> columns, Double[][] cosines, float logitScale) {
        Double[][] logits = new Double[cosines.length][];
        for (int i = 0; i < cosines.length; i++) {
            logits[i] = new Double[cosines[i].length];
            for (int j = 0; j < logits[i].length; j++) {
                logits[i][j] = cosines[i][j] == null ? null : cosines[i][j] * logitScale;
            }
        }
        Map<String, Object> result = Json.object("cosine", cosines, "logits", logits);
        List<Embedded> all = new ArrayList<>(rows);
        all.addAll(columns);
        Json.putErrors(result, all);
        clip.console().print(Json.line(result));
    }

    private void printTable(List<Embedded> rows, List<Embedded> columns, HeatMap map) {
        Table.Align[] aligns = new Table.Align[columns.size() + 1];
        String[] head = new String[aligns.length];
        for (int j = 0; j < aligns.length; j++) {
            aligns[j] = j == 0 ? Table.Align.LEFT : Table.Align.RIGHT;
            head[j] = j == 0 ? "cosine" : Table.cut(columns.get(j - 1).source(), MAX_COLUMN);
        }
        Table table = new Table(aligns);
        table.row(head);
        for (int i = 0; i < rows.size(); i++) {
            String[] cells = new String[aligns.length];
            cells[0] = Console.brief(rows.get(i).source());
            for (int j = 0; j < columns.size(); j++) {
                cells[j + 1] = map.text(i, j);
            }
            table.row(cells);
        }
        table.print(clip.console());
    }
}
