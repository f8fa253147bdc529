package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.Tower;
import org.clip4j.training.drawn.ScenePainter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Eight pictures against eight captions, without anything to download or to say. */
@Command(name = "demo", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Draws pictures, compares each with each one's caption, and shows the matrix, also as a PNG.",
        "Needs no download. Exit code 0 when every picture and caption fit each other best, else 1."})
final class DemoCommand implements Callable<Integer> {
    /** Thumbnails beside each other in a terminal of 80 columns. */
    private static final int PER_LINE = 4;
    private static final int DECIMALS = 2;

    @ParentCommand
    private ClipCommand clip;
    @Mixin
    private ModelChoice model;
    @Option(names = "--out", paramLabel = "FILE", defaultValue = "clip-demo.png", description = {
            "The PNG; default ${DEFAULT-VALUE}. Replaces nothing but such a picture."})
    private Path out;
    @Option(names = "--json", description = "Print {\"captions\",\"cosine\":[[...]],\"rows_won\",\"columns_won\","
            + "\"pictures\",\"file\"}, a row per picture.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        PngFile.writable(out);
        List<DemoPictures.Shown> pictures = DemoPictures.all();
        HeatMap map = embed(pictures);
        int rowsWon = (int) IntStream.range(0, pictures.size()).filter(i -> map.winsRow(i, i)).count();
        int columnsWon = (int) IntStream.range(0, pictures.size()).filter(i -> map.winsColumn(i, i)).count();
        List<Thumbnail> thumbnails = pictures.stream().map(DemoPictures.Shown::thumbnail).toList();
        Drawing chart = HeatMapChart.draw(map, thumbnails, "cosine of picture and caption");
        PngFile.write(out, chart.rgb(), chart.width(), chart.height());
        if (json) {
            clip.console().print(Json.line(Json.object("captions", map.columns(), "cosine", map.values(), "rows_won",
                    rowsWon, "columns_won", columnsWon, "pictures", pictures.size(), "file", out.toString())));
        } else {
            print(map, thumbnails, rowsWon, columnsWon);
        }
        boolean allWon = rowsWon == pictures.size() && columnsWon == pictures.size();
        return allWon && clip.console().exitCode() == ExitCodes.OK ? ExitCodes.OK : ExitCodes.FAILURE;
    }

    private HeatMap embed(List<DemoPictures.Shown> pictures) throws IOException {
        List<Embedded> rows = new ArrayList<>();
        List<Embedded> columns = new ArrayList<>();
        // Texts are cut: the model may be one whose vocabulary makes more tokens of them than its context holds.
        try (ClipModel loaded = model.load(clip, true, Tower.IMAGE, Tower.TEXT);
                Embedder embedder = new Embedder(clip.console(), loaded, EmbeddingForm.NORMALIZED, true,
                        item -> (item.kind().equals("text") ? columns : rows).add(item))) {
            int side = Math.min(Math.max(loaded.imageResolution(), ScenePainter.MIN_SIDE), ScenePainter.MAX_SIDE);
            for (int i = 0; i < pictures.size(); i++) {
                embedder.image("picture " + (i + 1), pictures.get(i).image(side));
            }
            for (DemoPictures.Shown picture : pictures) {
                embedder.text(picture.caption().text());
            }
            embedder.flush();
        }
        return new HeatMap(rows.stream().map(Embedded::source).toList(),
                columns.stream().map(Embedded::source).toList(), SimilarityCommand.cosines(rows, columns), DECIMALS,
                true);
    }

    private void print(HeatMap map, List<Thumbnail> thumbnails, int rowsWon, int columnsWon) {
        Console console = clip.console();
        Colours colours = console.colours();
        if (colours != Colours.NONE) {
            gallery(map, thumbnails, colours).forEach(console::print);
        }
        map.lines(colours).forEach(console::print);
        int count = thumbnails.size();
        console.print("");
        console.print("Cosines; [ ] a picture and its own caption, * the largest of its row.");
        console.print(rowsWon + " of " + count + " pictures fit their own caption best, " + columnsWon + " of " + count
                + " captions their own picture.");
        console.print("The same as a picture: " + out);
        console.print("");
        console.print("These pictures were drawn by a program, and the model has learned from such pictures only.");
        console.print("For your own photo, with OpenAI's weights:");
        console.print("  ./clip pull ViT-B/32");
        console.print("  ./clip classify --model ViT-B/32 --labels \"cat,dog,rocket\" photo.jpg");
    }

    /** The pictures with their names above, some beside each other. */
    private static List<String> gallery(HeatMap map, List<Thumbnail> thumbnails, Colours colours) {
        List<String> lines = new ArrayList<>();
        for (int first = 0; first < thumbnails.size(); first += PER_LINE) {
            int end = Math.min(first + PER_LINE, thumbnails.size());
            StringBuilder[] rows = new StringBuilder[1 + Thumbnail.COLUMNS / 2];
            for (int k = 0; k < rows.length; k++) {
                rows[k] = new StringBuilder();
            }
            for (int i = first; i < end; i++) {
                String name = map.rows().get(i);
                rows[0].append(name).append(" ".repeat(Thumbnail.COLUMNS + 2 - name.length()));
                List<String> picture = thumbnails.get(i).lines(colours);
                for (int k = 0; k < picture.size(); k++) {
                    rows[k + 1].append(picture.get(k)).append("  ");
                }
            }
            for (StringBuilder row : rows) {
                lines.add(row.toString().stripTrailing());
            }
            lines.add("");
        }
        return lines;
    }
}
