package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.clip4j.converter.PublishedArchitectures;
import org.clip4j.converter.Synth;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** A model whose weights come from a hash. */
@Command(name = "synth", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Writes a model with generated weights, for tests and benchmarks without a download."})
final class SynthCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Parameters(index = "0", paramLabel = "ARCH", completionCandidates = Architectures.class, description = {
            "One of ${COMPLETION-CANDIDATES}."})
    private String architecture;
    @Parameters(index = "1", paramLabel = "OUT.safetensors", description = "Written, or replaced, as a whole.")
    private Path out;
    @Option(names = "--seed", paramLabel = "S", defaultValue = Synth.DEFAULT_SEED, description = {
            "Any text; default ${DEFAULT-VALUE}."})
    private String seed;
    @Option(names = "--vocab", paramLabel = "FILE", description = {
            "BPE merges, bpe_simple_vocab_16e6.txt.gz; without it the model takes no text."})
    private Path vocab;

    static final class Architectures implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return PublishedArchitectures.names().iterator();
        }
    }

    @Override
    public Integer call() throws IOException {
        InputFiles.refuseFolder("--vocab", vocab);
        try (Progress progress = Progress.bytes("synth", clip.console())) {
            Path target = AtomicFile.writable(out);
            ConvertCommand.report(clip.console(), out, Synth.synth(architecture, target, seed,
                    Optional.ofNullable(vocab), clip.backendChoice().threads(), progress.listener()));
        }
        return ExitCodes.OK;
    }
}
