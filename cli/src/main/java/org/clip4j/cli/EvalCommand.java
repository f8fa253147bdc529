package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.Tower;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.clip4j.training.dataset.CaptionedSamples;
import org.clip4j.training.dataset.LabelledSamples;
import org.clip4j.training.dataset.Samples;
import org.clip4j.training.evaluation.ChoiceSamples;
import org.clip4j.training.evaluation.DrawnCaptions;
import org.clip4j.training.evaluation.EvaluationState;
import org.clip4j.training.evaluation.Evaluator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Measures a model on a data set. */
@Command(name = "eval", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Measures a model: zero-shot classification, retrieval, or how accuracy moves with the wording."}, footer = {
                "", "Sets of the drawn world: combinations, digits, words, fills, counting, relations,",
                "pairs, phrasings. An equal score is a miss. Pictures that cannot be read are said,",
                "counted and left out; the exit code is then 2."})
final class EvalCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Mixin
    private ModelChoice model;
    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "D", description = {
            "A folder of class folders, or of pictures with same-named .txt captions for --task pairs; tar shards,"
                    + " also shard-{000..012}.tar; or drawn:SET."})
    private List<String> data = new ArrayList<>();
    @Option(names = "--task", paramLabel = "TASK", description = {
            "classes, pairs or prompts; default classes, or what the drawn set asks for."})
    private Task task;
    @Mixin
    private EvalPrompts prompts;
    @Option(names = "--group", paramLabel = "N", converter = TopChoice.Count.class, description = {
            "For pairs: pick one of N, at most 32768; default: all there are."})
    private Integer group;
    @Option(names = "--count", paramLabel = "N", converter = TopChoice.Count.class, description = {
            "Pictures of a drawn set; default about 1000."})
    private Integer count;
    @Option(names = "--seed", paramLabel = "S", description = {
            "Of a drawn set; default 20210226, which training never uses."})
    private Long seed;
    @Option(names = "--state", paramLabel = "FILE", description = {
            "Keeps what is done, so that the same command goes on after an interruption; deleted at the end."})
    private Path stateFile;
    @Option(names = "--json", description = {
            "One object: dataset, model, task, metrics, counts, seed, settings."})
    private boolean json;

    /** What is measured. */
    enum Task {
        classes, pairs, prompts
    }

    @Override
    public Integer call() throws IOException {
        InputFiles.refuseFolder("--state", stateFile);
        if (stateFile != null) {
            AtomicFile.writable(stateFile);
        }
        try (ClipModel loaded = model.load(clip, true, Tower.IMAGE, Tower.TEXT)) {
            EvalData source = new EvalData(data, count, seed, clip.console());
            Task chosen = source.task(task);
            try (Samples samples = source.open(chosen, loaded.imageResolution())) {
                measure(loaded, source, chosen, samples);
            }
        }
        return clip.console().exitCode();
    }

    private void measure(ClipModel loaded, EvalData source, Task chosen, Samples samples) throws IOException {
        List<String> templates = chosen == Task.pairs ? List.of() : prompts.templates(source.drawn(), clip.console());
        EvalPrompts.Classes classes = samples instanceof LabelledSamples labelled
                ? prompts.classes(labelled, source.drawn(), clip.console())
                : prompts.refuseClasses(samples);
        int pairs = samples instanceof CaptionedSamples ? group(samples) : 0;
        EvalReport report = new EvalReport(clip, loaded, model.sha256(clip), source, samples, chosen.name());
        report.setting("templates", templates);
        report.setting("classes", classes == null ? List.of() : classes.names());
        report.setting("group", pairs);
        EvaluationState state = state(report.settings());
        try (EvalProgress progress = new EvalProgress(clip.console());
                Evaluator evaluator = new Evaluator(loaded, state, progress)) {
            if (samples instanceof CaptionedSamples captioned) {
                BackendChoice choice = clip.backendChoice();
                try (Backend backend = Backends.open(choice.device(), choice.backend(),
                        choice.backendOptions())) {
                    Evaluator.PairResult result = evaluator.pairs(captioned, pairs, backend);
                    report.pairs(result, samples instanceof DrawnCaptions drawn ? drawn.oracle(pairs) : null);
                }
            } else if (samples instanceof ChoiceSamples choices) {
                report.choices(evaluator.choices(choices, templates));
            } else if (chosen == Task.prompts) {
                report.prompts(evaluator.prompts(classes.samples(), classes.names(), templates), templates);
            } else {
                report.classes(evaluator.classes(classes.samples(), classes.names(), templates), classes.names());
            }
        }
        report.print(json);
        state.delete();
    }

    private EvaluationState state(Map<String, String> settings) throws IOException {
        if (stateFile == null) {
            return EvaluationState.inMemory();
        }
        EvaluationState state = EvaluationState.open(stateFile, settings);
        if (state.resumed()) {
            clip.console().note("goes on where it was interrupted: state=" + stateFile);
        }
        return state;
    }

    private int group(Samples samples) {
        int most = Math.min(samples.size(), Evaluator.MAX_GROUP);
        if (group != null && group > most) {
            throw new InputException(String.format(Locale.ROOT, "too few pairs, or too large a group: --group %d"
                    + " expected=1..%d pairs=%d", group, most, samples.size()));
        }
        return group == null ? most : group;
    }
}
