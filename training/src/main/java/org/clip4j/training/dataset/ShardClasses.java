package org.clip4j.training.dataset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.clip4j.image.Image;

/** Pictures in tar shards whose class is what {@code .cls} says: a number, or a name. */
final class ShardClasses implements LabelledSamples {
    /** 1 KiB: what is longer is no name of a class. */
    private static final int MAX_CLASS_BYTES = 1024;

    private final Shards shards;
    private final ShardIndex index;
    private int[] labels = new int[64];
    private List<String> classes;

    /** Takes the shards over, and closes them if they cannot be used. */
    ShardClasses(Shards shards, Consumer<String> notes) throws IOException {
        this.shards = shards;
        this.index = new ShardIndex(shards);
        boolean complete = false;
        try {
            build(notes);
            complete = true;
        } finally {
            if (!complete) {
                shards.close();
            }
        }
    }

    private void build(Consumer<String> notes) throws IOException {
        Tally alone = new Tally("pictures have no class and are left out");
        Tally unusable = new Tally("classes are empty or too long and are left out with their pictures");
        Map<String, Integer> numbers = new HashMap<>();
        new ShardGroups(shards).forEach(group -> {
            TarEntries.Entry entry = group.parts().get(FileNames.CLASS);
            String name = shards.name(group.shard()) + "/" + group.key();
            if (group.picture() == null) {
                return;
            }
            if (entry == null) {
                alone.add(name);
                return;
            }
            String label = entry.sizeBytes() > MAX_CLASS_BYTES
                    ? ""
                    : new String(shards.read(group.shard(), entry.offset(), (int) entry.sizeBytes()),
                            StandardCharsets.UTF_8).strip();
            if (label.isEmpty()) {
                unusable.add(name);
                return;
            }
            if (index.size() == labels.length) {
                labels = Arrays.copyOf(labels, Math.addExact(labels.length, labels.length / 2));
            }
            labels[index.size()] = numbers.computeIfAbsent(label, text -> numbers.size());
            index.add(group);
            index.note(label, 0);
        });
        alone.report(notes);
        unusable.report(notes);
        index.seal();
        if (index.size() == 0) {
            throw new DatasetException("shards have no picture with a class: shards=" + shards.count() + " first="
                    + shards.name(0) + " expected=NAME.jpg with NAME.cls; pictures="
                    + (alone.count() + unusable.count()));
        }
        sort(numbers);
    }

    /** Classes in the order of their numbers if all are numbers, else of their names. */
    private void sort(Map<String, Integer> numbers) {
        List<String> sorted = new ArrayList<>(numbers.keySet());
        boolean numeric = sorted.stream().allMatch(name -> name.matches("[0-9]{1,9}"));
        sorted.sort(numeric ? Comparator.comparingInt(Integer::parseInt) : Comparator.naturalOrder());
        int[] places = new int[sorted.size()];
        for (int i = 0; i < places.length; i++) {
            places[numbers.get(sorted.get(i))] = i;
        }
        labels = Arrays.copyOf(labels, index.size());
        Arrays.setAll(labels, i -> places[labels[i]]);
        classes = List.copyOf(sorted);
    }

    @Override
    public int size() {
        return index.size();
    }

    @Override
    public String name(int sample) {
        return index.name(sample);
    }

    @Override
    public Image image(int sample) throws IOException {
        return index.image(sample);
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int label(int sample) {
        return labels[sample];
    }

    @Override
    public String identity() {
        return index.identity();
    }

    @Override
    public void close() throws IOException {
        shards.close();
    }
}
