package org.clip4j.training.drawn;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.training.Lanes;
import org.clip4j.training.PairBatch;
import org.clip4j.training.PairSource;

/**
 * The pairs of the drawn world in the order in which a training reads them, {@link Lessons}: drawn when they are asked
 * for, on some threads. One thread at a time reads.
 */
public final class DrawnPairs implements PairSource, AutoCloseable {
    /**
     * The number of what is drawn and said for a seed: another one whenever that changes, so that no training goes on with
     * other pairs than it began with.
     */
    public static final int LESSONS = 1;

    private final Lessons lessons;
    private final ClipTokenizer tokenizer;
    private final int side;
    private final Lanes lanes;
    private final long offset;

    /**
     * Makes a source.
     *
     * @param seed of scenes and captions
     * @param tokenizer of the model; its context must hold the world's captions
     * @param sidePixels of the pictures
     * @param threads that draw; with one, pictures are drawn on the reader's own
     * @param firstPair of the lessons, which becomes number 0
     */
    public DrawnPairs(long seed, ClipTokenizer tokenizer, int sidePixels, int threads, long firstPair) {
        this.lessons = new Lessons(seed);
        this.tokenizer = tokenizer;
        this.side = sidePixels;
        this.lanes = new Lanes(threads);
        this.offset = firstPair;
    }

    @Override
    public void read(long first, int count, PairBatch into) throws IOException {
        byte[][] pictures = new byte[count][];
        int[][] captions = new int[count][];
        lanes.run(count, (lane, i) -> {
            DrawnWorld.Pair pair = lessons.pair(offset + first + i);
            pictures[i] = new ScenePainter(side).paint(pair.scene());
            captions[i] = tokenizer.encode(pair.caption().text());
        });
        for (int i = 0; i < count; i++) {
            into.add(ByteBuffer.wrap(pictures[i]), captions[i], captions[i].length);
        }
    }

    /** Lets the threads end. */
    @Override
    public void close() {
        lanes.close();
    }
}
