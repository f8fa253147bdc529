package org.clip4j.training.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Opens data sets. What is given is one folder, or tar shards: one or several files, {@code shard-{000..012}.tar}
 * for a
 * range of them, or a folder that has them directly in it; {@code .tar}, {@code .tar.gz} and {@code .tgz}.
 *
 * <p>
 * All of it is indexed when it is opened: a pass over a folder's names, or over the headers of shards. What cannot
 * belong
 * to a sample, such as a picture without a caption, is left out and said to the caller in one line for each reason.
 * Stateless.
 */
public final class Datasets {
    private Datasets() {}

    /**
     * Pictures with captions as a source for training.
     *
     * @param notes takes a line for what is left out, on the calling thread, then and during reading
     * @throws DatasetException when there is no such data set
     */
    public static DatasetPairs pairs(List<Path> data, DatasetPairs.Options options, Consumer<String> notes)
            throws IOException {
        CaptionedSamples samples = captioned(data, notes);
        boolean complete = false;
        try {
            DatasetPairs pairs = new DatasetPairs(samples, options, notes);
            complete = true;
            return pairs;
        } finally {
            if (!complete) {
                samples.close();
            }
        }
    }

    /**
     * Pictures with captions: {@code .txt} of the same name, in a folder at any depth or in shards, where it can
     * also be
     * {@code caption} of {@code .json}. A file is one caption, whatever its lines.
     *
     * @param notes takes a line for what is left out
     * @throws DatasetException when there is no such data set
     */
    public static CaptionedSamples captioned(List<Path> data, Consumer<String> notes) throws IOException {
        List<Path> shards = shards(data);
        return shards.isEmpty() ? new FolderPairs(data.get(0), notes) : new ShardPairs(new Shards(shards), notes);
    }

    /**
     * Pictures with classes: a folder for each class, or {@code .cls} in shards.
     *
     * @param notes takes a line for what is left out
     * @throws DatasetException when there is no such data set
     */
    public static LabelledSamples labelled(List<Path> data, Consumer<String> notes) throws IOException {
        List<Path> shards = shards(data);
        return shards.isEmpty() ? new ClassFolders(data.get(0), notes) : new ShardClasses(new Shards(shards), notes);
    }

    /** The shards that are meant, or none for a folder of files. */
    private static List<Path> shards(List<Path> data) throws IOException {
        if (data.isEmpty()) {
            throw new DatasetException("no data set is named: expected=a folder, or tar shards");
        }
        if (data.size() == 1 && Files.isDirectory(data.get(0))) {
            return Shards.in(data.get(0));
        }
        List<Path> shards = new ArrayList<>();
        for (Path given : data) {
            if (Files.isDirectory(given)) {
                throw new DatasetException("a folder is a data set of its own: folder=" + given + " dataSets="
                        + data.size() + "; name one folder, or tar shards");
            }
            for (Path shard : Files.exists(given) ? List.of(given) : Shards.expand(given)) {
                if (!Files.exists(shard)) {
                    throw new NoSuchFileException(shard.toString());
                }
                if (!Shards.isShard(shard)) {
                    throw new DatasetException("neither a folder nor a tar shard: file=" + shard
                            + " expected=.tar, .tar.gz or .tgz");
                }
                shards.add(shard);
            }
        }
        return shards;
    }
}
