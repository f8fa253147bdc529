package org.clip4j.training.dataset;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.clip4j.image.Image;

/** Pictures and captions in tar shards; the caption is {@code .txt}, or {@code caption} of {@code .json}. */
final class ShardPairs implements CaptionedSamples {
    private final Shards shards;
    private final ShardIndex index;
    private long[] captionOffsets = new long[64];
    /** Negative: of JSON. */
    private int[] captionSizes = new int[64];

    /** Takes the shards over, and closes them if they cannot be used. */
    ShardPairs(Shards shards, Consumer<String> notes) throws IOException {
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
        Tally alone = new Tally("pictures have no caption and are left out");
        Tally orphans = new Tally("captions have no picture and are left out");
        Tally unusable = new Tally("captions are empty or too long and are left out with their pictures");
        Tally repeated = new Tally("samples have a file twice; the first one counts");
        new ShardGroups(shards).forEach(group -> {
            String name = shards.name(group.shard()) + "/" + group.key();
            boolean json = !group.parts().containsKey(FileNames.TEXT);
            TarEntries.Entry caption = group.parts().get(json ? FileNames.JSON : FileNames.TEXT);
            if (group.repeated()) {
                repeated.add(name);
            }
            if (caption == null || group.picture() == null) {
                if (group.picture() != null) {
                    alone.add(name);
                } else if (caption != null) {
                    orphans.add(name);
                }
                return;
            }
            if (caption.sizeBytes() == 0 || caption.sizeBytes() > Captions.MAX_BYTES) {
                unusable.add(name);
                return;
            }
            add(group, caption, json);
        });
        List.of(alone, orphans, unusable, repeated).forEach(tally -> tally.report(notes));
        index.seal();
        if (index.size() == 0) {
            throw new DatasetException("shards have no picture with a caption: shards=" + shards.count() + " first="
                    + shards.name(0) + " expected=NAME.jpg with NAME.txt or NAME.json; pictures="
                    + (alone.count() + unusable.count()) + " captions=" + (orphans.count() + unusable.count()));
        }
    }

    private void add(ShardGroups.Group group, TarEntries.Entry caption, boolean json) {
        int at = index.size();
        if (at == captionSizes.length) {
            int room = Math.addExact(at, at / 2);
            captionOffsets = Arrays.copyOf(captionOffsets, room);
            captionSizes = Arrays.copyOf(captionSizes, room);
        }
        captionOffsets[at] = caption.offset();
        captionSizes[at] = (int) (json ? -caption.sizeBytes() : caption.sizeBytes());
        index.add(group);
        index.note(caption.name(), caption.sizeBytes());
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
    public String caption(int sample) throws IOException {
        int size = captionSizes[sample];
        byte[] bytes = shards.read(index.shard(sample), captionOffsets[sample], Math.abs(size));
        String name = FileNames.shown(name(sample));
        return size < 0 ? Captions.ofJson(bytes, name) : Captions.ofText(bytes, name);
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
