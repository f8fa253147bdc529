package org.clip4j.benchmarks.gpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.Tower;
import org.clip4j.converter.ProgressListener;
import org.clip4j.converter.Synth;
import org.clip4j.kernels.Precision;
import org.clip4j.weights.ClipConfig;

/**
 * Measures models on the processor and on cards through the public API, and prints one table. Arguments: see
 * {@link Settings#USAGE}.
 */
public final class GpuVersusCpu {
    /** System property: folder for generated models. */
    private static final String FOLDER_PROPERTY = "clip4j.benchmarks.models";
    private static final List<Integer> TEXT_LENGTHS = List.of(77, 8);

    private final Settings settings;
    private final List<Device> devices;
    private final Circumstances circumstances;
    private final List<Section> sections = new ArrayList<>();

    private GpuVersusCpu(Settings settings, List<Device> devices) {
        this.settings = settings;
        this.devices = devices;
        this.circumstances = Circumstances.here("the processor itself");
    }

    /** Measures and prints; exits with 2 when the arguments make no sense. */
    public static void main(String[] args) throws IOException {
        Settings settings;
        try {
            settings = Settings.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + Settings.USAGE);
            System.exit(2);
            return;
        }
        List<Device> devices = settings.devices().stream()
                .map(device -> Device.probe(device, settings.precisions())).toList();
        GpuVersusCpu comparison = new GpuVersusCpu(settings, devices);
        comparison.measure(Deadline.in(settings.budgetSeconds()));
        System.out.print(SideBySideTable.text(comparison.circumstances, devices, comparison.sections));
        System.out.flush();
    }

    private void measure(Deadline deadline) throws IOException {
        Map<String, Path> models = models();
        int left = models.size() * (1 + TEXT_LENGTHS.size());
        for (Map.Entry<String, Path> model : models.entrySet()) {
            ClipConfig config = config(model.getValue());
            int largest = Collections.max(settings.batches());
            for (int kind = 0; kind <= TEXT_LENGTHS.size(); kind++, left--) {
                Input input = kind == 0
                        ? Input.images(config, largest)
                        : Input.texts(config, Math.min(TEXT_LENGTHS.get(kind - 1), config.text().contextLength()),
                                largest);
                measure(model.getKey(), model.getValue(), input, deadline.ofFirst(left));
            }
        }
    }

    private void measure(String name, Path file, Input input, Deadline deadline) throws IOException {
        ColumnMeasurement measurement = new ColumnMeasurement(file, input,
                ColumnMeasurement.expected(file, input, settings), settings);
        List<Column> cards = new ArrayList<>();
        List<Column> processors = new ArrayList<>();
        // Cards first: they are what a lent machine is for, and short of time the processor needs few rows.
        List<Device> order = new ArrayList<>(devices);
        order.sort((a, b) -> Boolean.compare(a.name().equals("cpu"), b.name().equals("cpu")));
        int left = order.stream().mapToInt(device -> device.precisions().size()).sum();
        for (Device device : order) {
            for (Precision precision : device.precisions()) {
                System.err.println("measuring " + name + " " + input.name() + " on " + device.name() + " in "
                        + precision.label());
                Column column = measurement.measure(device, precision, deadline.ofFirst(left));
                (column.isProcessor() ? processors : cards).add(column);
                left--;
            }
        }
        processors.addAll(cards);
        sections.add(new Section(name, input.name(), processors));
        if (settings.json().isPresent()) {
            // After each section, so that little is lost when something ends the process.
            Files.writeString(settings.json().get(), SideBySideTable.json(circumstances, devices, sections));
        }
    }

    private static ClipConfig config(Path file) throws IOException {
        // The smaller tower by far, and no need of any device but the processor.
        try (ClipModel model = ClipModel.load(file, LoadOptions.defaults().withTowers(Tower.TEXT))) {
            return model.config();
        }
    }

    /** Files by the names that the table shows. */
    private Map<String, Path> models() throws IOException {
        Map<String, Path> models = new LinkedHashMap<>();
        for (Path file : settings.files()) {
            models.put(String.valueOf(file.getFileName()).replaceFirst("\\.safetensors$", ""), file);
        }
        for (String architecture : settings.architectures()) {
            models.put(architecture, generated(architecture));
        }
        return models;
    }

    /** Written where it is missing. */
    private static Path generated(String architecture) throws IOException {
        Path folder = Path.of(System.getProperty(FOLDER_PROPERTY, "benchmarks/target/models"));
        Path file = folder.resolve(architecture.replace('/', '-').replace('@', '-') + ".safetensors");
        if (!Files.exists(file)) {
            System.err.println("generating " + file);
            Files.createDirectories(folder);
            Synth.synth(architecture, file, Synth.DEFAULT_SEED, Optional.empty(),
                    Runtime.getRuntime().availableProcessors(), ProgressListener.NONE);
        }
        return file;
    }
}
