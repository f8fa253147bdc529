package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.clip4j.training.dataset.Datasets;
import org.clip4j.training.dataset.Samples;
import org.clip4j.training.drawn.ScenePainter;
import org.clip4j.training.evaluation.DrawnSets;

/** What a model is measured on: files, or a set of the drawn world. */
final class EvalData {
    private static final String DRAWN = "drawn:";

    private final List<String> data;
    private final String set;
    private final Integer count;
    private final Long seed;
    private final Console console;

    /** Nulls are what the user has not said. */
    EvalData(List<String> data, Integer count, Long seed, Console console) {
        this.data = data;
        this.set = data.get(0).startsWith(DRAWN) ? data.get(0).substring(DRAWN.length()) : null;
        this.count = count;
        this.seed = seed;
        this.console = console;
        if (set != null && (data.size() > 1 || !DrawnSets.names().contains(set))) {
            throw new InputException("unknown set of the drawn world: --data " + String.join(" ", data)
                    + " expected " + DRAWN + "SET, SET one of " + String.join(", ", DrawnSets.names()));
        }
        if (set == null && (count != null || seed != null)) {
            throw new InputException("--count and --seed are for the drawn world: --data " + data.get(0)
                    + "; leave them out, or measure on " + DRAWN + "SET");
        }
    }

    boolean drawn() {
        return set != null;
    }

    List<String> names() {
        return data;
    }

    /** The seed, or null for files. */
    Long seed() {
        return !drawn() ? null : seed == null ? Long.valueOf(DrawnSets.DEFAULT_SEED) : seed;
    }

    /** The task that was asked for, if the data can be used so. */
    EvalCommand.Task task(EvalCommand.Task asked) {
        if (!drawn()) {
            return asked == null ? EvalCommand.Task.classes : asked;
        }
        boolean pairs = set.equals("pairs") || set.equals("phrasings");
        boolean choices = set.equals("fills") || set.equals("counting") || set.equals("relations");
        EvalCommand.Task natural = pairs ? EvalCommand.Task.pairs : EvalCommand.Task.classes;
        boolean fits = asked == null || asked == natural || (asked == EvalCommand.Task.prompts && !pairs && !choices);
        if (!fits) {
            throw new InputException("the set has another task: --task " + asked + " --data " + DRAWN + set
                    + " expected " + natural + (pairs || choices ? "" : " or prompts"));
        }
        return asked == null ? natural : asked;
    }

    /** Opens it; says on stderr what is left out. */
    Samples open(EvalCommand.Task task, int resolution) throws IOException {
        if (drawn()) {
            if (resolution < ScenePainter.MIN_SIDE) {
                throw new InputException("the model's pictures are too small for the drawn world: resolution="
                        + resolution + " expected>=" + ScenePainter.MIN_SIDE);
            }
            return DrawnSets.open(set, seed(), count == null ? DrawnSets.defaultCount(set) : count, resolution);
        }
        List<Path> paths = data.stream().map(path -> InputFiles.path("--data", path)).toList();
        return task == EvalCommand.Task.pairs
                ? Datasets.captioned(paths, console::note)
                : Datasets.labelled(paths, console::note);
    }
}
