package org.clip4j.training.dataset;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The samples of shards, one after another: files whose names are the same up to the first dot of the last part
 * and that
 * follow each other, as webdataset has it. For one thread.
 */
final class ShardGroups {
    private final Shards shards;

    /** Takes samples. */
    interface Sink {
        void accept(Group group) throws IOException;
    }

    /**
     * A sample.
     *
     * @param parts its files by what follows the first dot, in lower case
     * @param repeated whether a file came twice; the first one counts
     */
    record Group(int shard, String key, Map<String, TarEntries.Entry> parts, boolean repeated) {
        /** The picture, or null; of several the first by name. */
        TarEntries.Entry picture() {
            return parts.entrySet().stream().filter(part -> FileNames.isPicture(part.getKey()))
                    .min(Map.Entry.comparingByKey()).map(Map.Entry::getValue).orElse(null);
        }
    }

    ShardGroups(Shards shards) {
        this.shards = shards;
    }

    /** Reads the headers of all shards. */
    void forEach(Sink sink) throws IOException {
        for (int shard = 0; shard < shards.count(); shard++) {
            try (TarEntries entries = shards.entries(shard)) {
                forEach(shard, entries, sink);
            }
        }
    }

    private static void forEach(int shard, TarEntries entries, Sink sink) throws IOException {
        String key = null;
        List<TarEntries.Entry> files = new ArrayList<>();
        for (TarEntries.Entry entry = entries.next(); entry != null; entry = entries.next()) {
            int dot = entry.name().indexOf('.', entry.name().lastIndexOf('/') + 1);
            // A leading dot: hidden; two underscores: webdataset's own notes.
            if (dot <= entry.name().lastIndexOf('/') + 1 || entry.name().startsWith("__")) {
                continue;
            }
            String next = entry.name().substring(0, dot);
            if (!next.equals(key)) {
                deliver(shard, key, files, sink);
                key = next;
                files.clear();
            }
            files.add(entry);
        }
        deliver(shard, key, files, sink);
    }

    private static void deliver(int shard, String key, List<TarEntries.Entry> files, Sink sink) throws IOException {
        if (files.isEmpty()) {
            return;
        }
        Map<String, TarEntries.Entry> parts = new HashMap<>();
        boolean repeated = false;
        for (TarEntries.Entry file : files) {
            String extension = file.name().substring(key.length() + 1).toLowerCase(Locale.ROOT);
            repeated |= parts.putIfAbsent(extension, file) != null;
        }
        sink.accept(new Group(shard, key, parts, repeated));
    }
}
