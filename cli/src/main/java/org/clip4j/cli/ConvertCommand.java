package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.clip4j.converter.ConversionSummary;
import org.clip4j.converter.ConvertOptions;
import org.clip4j.converter.Converter;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.DType;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.TypeConversionException;

/** A checkpoint to a model file. */
@Command(name = "convert", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Converts a checkpoint to the file that --model takes.",
        "Reads OpenAI's .pt, torch.save state dicts, and folders of Hugging Face and open_clip."})
final class ConvertCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Parameters(index = "0", paramLabel = "SOURCE", description = "A checkpoint file, or a folder.")
    private Path source;
    @Parameters(index = "1", paramLabel = "OUT.safetensors", description = "Written, or replaced, as a whole.")
    private Path out;
    @Option(names = "--vocab", paramLabel = "FILE", description = {
            "BPE merges, bpe_simple_vocab_16e6.txt.gz; default: those in the source's folder."})
    private Path vocab;
    @Option(names = "--dtype", paramLabel = "TYPE", converter = {
            WeightType.class}, completionCandidates = WeightTypes.class, description = {
                    "Of the weights: ${COMPLETION-CANDIDATES}; default: as in the source."})
    private DType dtype;
    @Option(names = "--activation", paramLabel = "A", converter = {
            ActivationName.class}, completionCandidates = ActivationNames.class, description = {
                    "${COMPLETION-CANDIDATES}; default: what the source says, else quickgelu with a warning."})
    private Activation activation;

    static final class WeightTypes implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("f32", "f16", "bf16").iterator();
        }
    }

    static final class ActivationNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of("quickgelu", "gelu").iterator();
        }
    }

    static final class WeightType implements ITypeConverter<DType> {
        @Override
        public DType convert(String value) {
            return Arrays.stream(new DType[]{DType.F32, DType.F16, DType.BF16})
                    .filter(type -> type.name().equals(value.toUpperCase(Locale.ROOT))).findFirst()
                    .orElseThrow(() -> new TypeConversionException("expected one of "
                            + String.join(", ", new WeightTypes()) + " but was '" + value + "'"));
        }
    }

    static final class ActivationName implements ITypeConverter<Activation> {
        @Override
        public Activation convert(String value) {
            return switch (value.toLowerCase(Locale.ROOT)) {
                case "quickgelu" -> Activation.QUICK_GELU;
                case "gelu" -> Activation.GELU;
                default -> throw new TypeConversionException("expected one of "
                        + String.join(", ", new ActivationNames()) + " but was '" + value + "'");
            };
        }
    }

    @Override
    public Integer call() throws IOException {
        ConvertOptions options = new ConvertOptions(Optional.ofNullable(vocab), Optional.ofNullable(dtype),
                Optional.ofNullable(activation));
        InputFiles.refuseFolder("--vocab", vocab);
        try (Progress progress = Progress.bytes("convert", clip.console())) {
            report(clip.console(), AtomicFile.writable(out),
                    Converter.convert(source, AtomicFile.writable(out), options, progress.listener()));
        }
        return ExitCodes.OK;
    }

    /** Says what was written, and every warning. */
    static void report(Console console, Path out, ConversionSummary summary) {
        summary.warnings().forEach(warning -> console.note("warning: " + warning));
        console.note(String.format(Locale.ROOT, "wrote %s: %s, %d tensors, %.1f MB", out, summary.format(),
                summary.tensors(), summary.sizeBytes() / 1e6));
    }
}
