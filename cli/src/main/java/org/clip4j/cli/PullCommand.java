package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.clip4j.hub.PullListener;
import org.clip4j.hub.PullRequest;
import org.clip4j.hub.PulledModel;
import org.clip4j.hub.Puller;
import org.clip4j.kernels.DType;
import org.clip4j.weights.ModelFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** A published model to a model file in the cache. */
@Command(name = "pull", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Fetches a published model, converts it and prints the file's path; --model then takes its name.",
        "What was fetched or converted before is not fetched again."}, footer = {"",
                "Environment: CLIP4J_MODELS folder of converted models, else $XDG_CACHE_HOME/clip4j/models or",
                "~/.cache/clip4j/models; as for Python's huggingface_hub: HF_HOME, HF_HUB_CACHE, HF_ENDPOINT,",
                "HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE=1."})
final class PullCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Parameters(paramLabel = "NAME", completionCandidates = Names.class, description = {
            "One of ${COMPLETION-CANDIDATES}; or ORG/NAME of the Hugging Face hub."})
    private String name;
    @Option(names = "--revision", paramLabel = "R", description = {
            "Branch, tag or commit of a repository of the hub; default main."})
    private String revision;
    @Option(names = "--url", paramLabel = "URL", description = {
            "Another address of OpenAI's file; its hash is checked all the same."})
    private String url;
    @Option(names = "--vocab", paramLabel = "FILE", description = {
            "BPE merges for OpenAI's file, bpe_simple_vocab_16e6.txt.gz; default: those of the hub."})
    private Path vocab;
    @Option(names = "--dtype", paramLabel = "TYPE", converter = {
            ConvertCommand.WeightType.class}, completionCandidates = ConvertCommand.WeightTypes.class, description = {
                    "Of the weights: ${COMPLETION-CANDIDATES}; default: as published."})
    private DType dtype;
    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /** Those that the program knows. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Puller.names().iterator();
        }
    }

    @Override
    public Integer call() throws IOException {
        InputFiles.refuseFolder("--vocab", vocab);
        PulledModel model = new Puller(clip.hubSettings()).pull(new PullRequest(name, Optional.ofNullable(revision),
                Optional.ofNullable(url), Optional.ofNullable(dtype), Optional.ofNullable(vocab)),
                new Listener(clip.console()));
        model.warnings().forEach(warning -> clip.console().note("warning: " + warning));
        if (!json) {
            clip.console().print(model.path().toString());
            return ExitCodes.OK;
        }
        try (ModelFile file = ModelFile.open(model.path())) {
            clip.console().print(Json.line(ListCommand.facts(model, file)));
        }
        return ExitCodes.OK;
    }

    /** A bar per piece of work. */
    private record Listener(Console console) implements PullListener {
        @Override
        public void note(String line) {
            console.note(line);
        }

        @Override
        public Task begin(String name) {
            Progress progress = Progress.bytes(name, console);
            return new Task() {
                @Override
                public void progress(long doneBytes, long totalBytes) {
                    progress.listener().progress(doneBytes, totalBytes);
                }

                @Override
                public void close() {
                    progress.close();
                }
            };
        }
    }
}
