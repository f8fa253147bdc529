package org.clip4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.ScenePainter;
import org.clip4j.training.drawn.Split;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Pictures of the drawn world with captions, as files. */
@Command(name = "draw", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Draws pictures of the drawn world: DIR/drawn-<number>.png, each with its caption in a .txt file.",
        "The same options give the same pictures. Replaces no file."})
final class DrawCommand implements Callable<Integer> {
    private static final int MAX_COUNT = 1_000_000;

    @ParentCommand
    private ClipCommand clip;
    @Spec
    private CommandSpec spec;
    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A folder; made when missing.")
    private Path out;
    @Option(names = "--count", paramLabel = "N", defaultValue = "16", description = {
            "How many; default ${DEFAULT-VALUE}."})
    private int count;
    @Option(names = "--seed", paramLabel = "S", defaultValue = "1", description = {
            "Any whole number; default ${DEFAULT-VALUE}."})
    private long seed;
    @Option(names = "--size", paramLabel = "PX", defaultValue = "128", description = {
            "Height and width in pixels; default ${DEFAULT-VALUE}."})
    private int size;
    @Option(names = "--captions", paramLabel = "KIND", defaultValue = "mixed", description = {
            "mixed: as in training, some of them vague; complete: all details;",
            "distinct: complete, and none is true of another picture. Default ${DEFAULT-VALUE}."})
    private Captions captions;
    @Option(names = "--split", paramLabel = "PART", defaultValue = "training", description = {
            "training, or what training never shows: unseen-colour, unseen-fill, unseen-word,",
            "unseen-phrasing. Default ${DEFAULT-VALUE}."}, converter = SplitName.class)
    private Split split;

    /** Which captions; the names are those of the command line. */
    enum Captions {
        mixed, complete, distinct
    }

    @Override
    public Integer call() throws IOException {
        if (count < 1 || count > MAX_COUNT) {
            throw new ParameterException(spec.commandLine(),
                    "--count is out of range: expected=1.." + MAX_COUNT + " actual=" + count);
        }
        if (size < ScenePainter.MIN_SIDE || size > ScenePainter.MAX_SIDE) {
            throw new ParameterException(spec.commandLine(), "--size is out of range: expected="
                    + ScenePainter.MIN_SIDE + ".." + ScenePainter.MAX_SIDE + " actual=" + size);
        }
        InputFiles.createFolder("--out", out);
        for (int i = 0; i < count; i++) {
            refuseExisting(file(i, ".png"));
            refuseExisting(file(i, ".txt"));
        }
        DrawnWorld world = new DrawnWorld(seed, split);
        List<DrawnWorld.Pair> distinct = captions == Captions.distinct ? world.distinct(0, count) : List.of();
        ScenePainter painter = new ScenePainter(size);
        try (Progress progress = Progress.items("draw", count, false, clip.console())) {
            for (int i = 0; i < count; i++) {
                write(i, switch (captions) {
                    case mixed -> world.pair(i);
                    case complete -> world.complete(i);
                    case distinct -> distinct.get(i);
                }, painter);
                progress.step();
            }
        }
        return ExitCodes.OK;
    }

    private Path file(int index, String end) {
        int digits = Integer.toString(count - 1).length();
        return out.resolve(String.format(Locale.ROOT, "drawn-%0" + digits + "d%s", index, end));
    }

    private static void refuseExisting(Path file) {
        if (Files.exists(file)) {
            throw new InputException("a file exists that would be replaced: file=" + file + "; use another --out");
        }
    }

    /** The caption first, so that no picture is ever without one. */
    private void write(int index, DrawnWorld.Pair pair, ScenePainter painter) throws IOException {
        try (AtomicFile text = AtomicFile.create(file(index, ".txt"))) {
            text.append(ByteBuffer.wrap((pair.caption().text() + "\n").getBytes(StandardCharsets.UTF_8)));
            text.commit();
        }
        PngFile.write(file(index, ".png"), painter.paint(pair.scene()), size, size);
    }
}
