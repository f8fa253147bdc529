package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.kernels.Precision;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.TypeConversionException;

/** How fast a model is here. */
@Command(name = "bench", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Measures how fast a model embeds here: images whose pixels are ready, texts that fill the context, and captions"
                + " of 8 tokens, in each precision and batch size.",
        "Calls come one after another from one thread, once their times have settled."}, footer = {"",
                "p50, p99, p99.9  what so many per cent of the calls do not exceed; - where there are fewer than",
                "                 100 or 1,000 of them, which a longer --seconds changes",
                "items/s          slow calls included",
                "heap B/call      what a call allocates in Java on the calling thread, the mean",
                "resident MB      of the process, the mapped model file included",
                "cosine to f32    the least one of up to 16 items; with --synth not that of a trained model"})
final class BenchCommand implements Callable<Integer> {
    private static final double MAX_SECONDS = 3600;

    @ParentCommand
    private ClipCommand clip;
    @Option(names = "--model", paramLabel = "M", description = ModelChoice.DESCRIPTION)
    private Path model;
    @Option(names = "--synth", paramLabel = "ARCH", completionCandidates = SynthCommand.Architectures.class, description = {
            "Instead of a model, generated weights in a temporary file: one of ${COMPLETION-CANDIDATES}."})
    private String architecture;
    @Option(names = "--precisions", paramLabel = "P", split = ",", converter = {
            BackendChoice.PrecisionName.class}, completionCandidates = BackendChoice.PrecisionNames.class, description = {
                    "Separated by commas; default --precision, or all that the usable backends offer."})
    private List<Precision> precisions;
    @Option(names = "--batches", paramLabel = "N", split = ",", defaultValue = "1,16", converter = {
            BatchSize.class}, description = "Items of a call, separated by commas; default ${DEFAULT-VALUE}.")
    private List<Integer> batches;
    @Option(names = "--thread-counts", paramLabel = "N", split = ",", converter = {
            BackendChoice.ThreadCount.class}, description = "Separated by commas; default --threads.")
    private List<Integer> threadCounts;
    @Option(names = "--seconds", paramLabel = "S", defaultValue = "2", converter = Seconds.class, description = {
            "Measured for each row, after a warm-up; default ${DEFAULT-VALUE}."})
    private double seconds;
    @Option(names = "--json", description = "Print {\"machine\",\"model\",\"seconds\",\"backends\",\"rows\":[...]}.")
    private boolean json;

    static final class BatchSize implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            try {
                int batch = Integer.parseInt(value);
                if (batch >= 1 && batch <= SessionOptions.LIMIT) {
                    return batch;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException("expected a number from 1 to " + SessionOptions.LIMIT + " but was '"
                    + value + "'");
        }
    }

    static final class Seconds implements ITypeConverter<Double> {
        @Override
        public Double convert(String value) {
            try {
                double seconds = Double.parseDouble(value);
                if (seconds > 0 && seconds <= MAX_SECONDS) {
                    return seconds;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException("expected a number above 0, at most " + (int) MAX_SECONDS + ", but was '"
                    + value + "'");
        }
    }

    @Override
    public Integer call() throws IOException {
        BackendChoice choice = clip.backendChoice();
        LoadOptions options = choice.loadOptions();
        List<Precision> measured = distinct(precisions == null ? choice.precisions() : precisions);
        String option = precisions == null ? "--precision" : "--precisions";
        measured.forEach(precision -> choice.checkPrecision(option, precision));
        List<Integer> threads = threadCounts == null ? List.of(choice.threads()) : distinct(threadCounts);
        if (model != null && architecture != null) {
            throw new InputException("one model is measured: --model " + model + " --synth " + architecture
                    + "; choose one of the two");
        }
        try (BenchModel opened = architecture == null
                ? BenchModel.of(model, clip)
                : BenchModel.synth(architecture, clip)) {
            BenchRun run = new BenchRun(opened, options, distinct(batches), seconds);
            run.run(threads, measured, clip.console());
            print(opened, run);
        }
        return ExitCodes.OK;
    }

    private static <T> List<T> distinct(List<T> values) {
        return values.stream().distinct().toList();
    }

    private void print(BenchModel opened, BenchRun run) {
        Console console = clip.console();
        int processors = Runtime.getRuntime().availableProcessors();
        String jvm = System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version");
        if (json) {
            console.print(Json.line(Json.object("machine",
                    Json.object("name", Processor.name(), "processors", processors, "processor", Processor.describe(),
                            "jvm", jvm),
                    "model", opened.name(), "seconds", seconds, "backends", run.reasons(), "rows",
                    run.rows().stream().map(BenchRow::toJson).toList())));
            return;
        }
        Table table = BenchRow.newTable();
        run.rows().forEach(row -> row.addTo(table));
        table.print(console);
        console.print("model: " + opened.name());
        run.reasons().forEach(console::print);
        console.print("machine: " + Processor.name() + ", " + processors + " processors granted, "
                + Processor.describe() + ", " + jvm);
    }
}
