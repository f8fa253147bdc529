package org.clip4j.training.dataset;

import java.io.IOException;
import java.util.Arrays;
import org.clip4j.image.Image;

/** Where the pictures of shards are, and a number with each. Filled by one thread, then read by any. */
final class ShardIndex {
    /** 256 MiB: it is read into memory. */
    private static final int MAX_PICTURE_BYTES = 256 << 20;

    private final Shards shards;
    private final NameList keys = new NameList();
    private final Identity digest = new Identity();
    private int[] shardOf = new int[64];
    private long[] offsets = new long[64];
    private int[] sizes = new int[64];
    private String identity;

    ShardIndex(Shards shards) {
        this.shards = shards;
    }

    /** Adds a sample's picture; its size has been checked against the shard's. */
    void add(ShardGroups.Group group) {
        TarEntries.Entry picture = group.picture();
        int at = keys.size();
        if (at == sizes.length) {
            int room = Math.addExact(at, at / 2);
            shardOf = Arrays.copyOf(shardOf, room);
            offsets = Arrays.copyOf(offsets, room);
            sizes = Arrays.copyOf(sizes, room);
        }
        shardOf[at] = group.shard();
        offsets[at] = picture.offset();
        sizes[at] = (int) Math.min(Integer.MAX_VALUE, picture.sizeBytes());
        keys.add(group.key());
        digest.add(shards.name(group.shard()) + "/" + picture.name(), picture.sizeBytes());
    }

    /** Lets something else count for what the data set is. */
    void note(String name, long sizeBytes) {
        digest.add(name, sizeBytes);
    }

    /** Ends the filling. */
    void seal() {
        keys.sealed();
        identity = digest.hex();
    }

    int size() {
        return keys.size();
    }

    int shard(int index) {
        return shardOf[index];
    }

    String name(int index) {
        return shards.name(shardOf[index]) + "/" + keys.get(index);
    }

    String identity() {
        return identity;
    }

    Image image(int index) throws IOException {
        if (sizes[index] > MAX_PICTURE_BYTES) {
            throw new UnusableSampleException("picture is larger than the limit: sample="
                    + FileNames.shown(name(index)) + " bytes=" + sizes[index] + " maxBytes=" + MAX_PICTURE_BYTES);
        }
        return Image.of(shards.read(shardOf[index], offsets[index], sizes[index]));
    }
}
