package org.clip4j.training.drawn;

import java.nio.ByteBuffer;
import java.util.stream.IntStream;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.training.PairBatch;
import org.clip4j.training.PairSource;

/**
 * The pairs of the drawn world in the order in which a training reads them, {@link Lessons}: drawn when they are asked
 * for, on all cores. Immutable and thread-safe.
 */
public final class DrawnPairs implements PairSource {
    private final Lessons lessons;
    private final ClipTokenizer tokenizer;
    private final int side;

    /**
     * Makes a source.
     *
     * @param seed of scenes and captions
     * @param tokenizer of the model; its context must hold the world's captions
     * @param sidePixels of the pictures
     */
    public DrawnPairs(long seed, ClipTokenizer tokenizer, int sidePixels) {
        this.lessons = new Lessons(seed);
        this.tokenizer = tokenizer;
        this.side = sidePixels;
    }

    @Override
    public void read(long first, int count, PairBatch into) {
        byte[][] pictures = new byte[count][];
        int[][] captions = new int[count][];
        IntStream.range(0, count).parallel().forEach(i -> {
            DrawnWorld.Pair pair = lessons.pair(first + i);
            pictures[i] = new ScenePainter(side).paint(pair.scene());
            captions[i] = tokenizer.encode(pair.caption().text());
        });
        for (int i = 0; i < count; i++) {
            into.add(ByteBuffer.wrap(pictures[i]), captions[i], captions[i].length);
        }
    }
}
