package org.clip4j.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clip4j.clip.ZeroShotClassifier;
import org.clip4j.image.Image;
import org.clip4j.training.dataset.LabelledSamples;
import org.clip4j.training.dataset.Samples;
import org.clip4j.training.evaluation.Templates;
import picocli.CommandLine.Option;

/** How classes are put into words. */
final class EvalPrompts {
    @Option(names = "--template", paramLabel = "T", description = {
            "A text with {} where the class goes; repeatable, they are averaged; default: a photo of a {}., and the"
                    + " set 'drawn' for the drawn world."})
    private List<String> given = new ArrayList<>();
    @Option(names = "--templates", paramLabel = "NAME|FILE", description = {
            "A set of templates: imagenet80, imagenet7, drawn, or a file of them, one per line."})
    private String set;
    @Option(names = "--classes", paramLabel = "FILE", description = {
            "Names of classes: lines FOLDER<tab>NAME, or NAME alone for class numbers from 0 on; default: the folders'"
                    + " names, underscores as blanks."})
    private String classesFile;

    /** Samples whose labels are places in a list of names. */
    record Classes(LabelledSamples samples, List<String> names) {}

    List<String> templates(boolean drawn, Console console) throws IOException {
        List<String> templates = new ArrayList<>(given);
        if (set != null) {
            Optional<List<String>> named = Templates.named(set);
            if (named.isPresent()) {
                templates.addAll(named.get());
            } else {
                lines("--templates", set, console).stream().filter(line -> !line.isBlank()).forEach(templates::add);
            }
        }
        if (templates.isEmpty() && set == null) {
            return drawn
                    ? Templates.named(Templates.DRAWN).orElseThrow()
                    : List.of(ZeroShotClassifier.DEFAULT_TEMPLATE);
        }
        if (templates.isEmpty()) {
            throw new InputException("there are no templates: --templates " + set + " expected at least 1");
        }
        for (String template : templates) {
            if (!template.contains(ZeroShotClassifier.PLACEHOLDER)) {
                throw new InputException("template has no place for the class: template='" + Console.brief(template)
                        + "'; write {} where it goes");
            }
        }
        return templates;
    }

    /** Refuses names of classes for samples that have none. */
    Classes refuseClasses(Samples samples) {
        if (classesFile != null) {
            throw new InputException("--classes is for data with classes: --classes " + classesFile + " first="
                    + samples.name(0) + "; leave it out");
        }
        return null;
    }

    Classes classes(LabelledSamples samples, boolean drawn, Console console) throws IOException {
        if (drawn) {
            refuseFile();
            return new Classes(samples, samples.classes());
        }
        List<String> keys = samples.classes();
        boolean numbers = keys.stream().allMatch(key -> key.matches("[0-9]{1,9}"));
        if (classesFile == null) {
            if (numbers) {
                throw new InputException("classes have numbers only: first=" + keys.get(0) + " classes=" + keys.size()
                        + "; name them with --classes FILE, a name per line from number 0 on");
            }
            return new Classes(samples, keys.stream().map(key -> key.replace('_', ' ').strip()).toList());
        }
        Map<String, String> names = new LinkedHashMap<>();
        for (String line : lines("--classes", classesFile, console)) {
            int tab = line.indexOf('\t');
            if (!line.isBlank()) {
                String key = tab < 0 ? String.valueOf(names.size()) : line.substring(0, tab).strip();
                if (names.put(key, line.substring(tab + 1).strip()) != null) {
                    throw new InputException("class is named twice: --classes " + classesFile + " class="
                            + Console.brief(key));
                }
            }
        }
        List<String> order = new ArrayList<>(names.keySet());
        int[] places = new int[keys.size()];
        for (int i = 0; i < places.length; i++) {
            places[i] = order.indexOf(keys.get(i));
            if (places[i] < 0) {
                throw new InputException("class has no name: --classes " + classesFile + " class="
                        + Console.brief(keys.get(i)) + " named=" + order.size() + "; add a line for it");
            }
        }
        return new Classes(new Renumbered(samples, order, places), List.copyOf(names.values()));
    }

    private void refuseFile() {
        if (classesFile != null) {
            throw new InputException("classes of the drawn world have names: --classes " + classesFile
                    + "; leave it out");
        }
    }

    private static List<String> lines(String option, String file, Console console) throws IOException {
        List<String> all = new ArrayList<>();
        try (Lines lines = Lines.open(option, file, console)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                all.add(line);
            }
        }
        return all;
    }

    /** The same samples with classes in another order, and perhaps more of them. */
    private static final class Renumbered implements LabelledSamples {
        private final LabelledSamples samples;
        private final List<String> classes;
        private final int[] places;

        Renumbered(LabelledSamples samples, List<String> classes, int[] places) {
            this.samples = samples;
            this.classes = classes;
            this.places = places;
        }

        @Override
        public int size() {
            return samples.size();
        }

        @Override
        public String name(int index) {
            return samples.name(index);
        }

        @Override
        public Image image(int index) throws IOException {
            return samples.image(index);
        }

        @Override
        public String identity() {
            return samples.identity();
        }

        @Override
        public List<String> classes() {
            return classes;
        }

        @Override
        public int label(int index) {
            return places[samples.label(index)];
        }

        @Override
        public void close() throws IOException {
            samples.close();
        }
    }
}
