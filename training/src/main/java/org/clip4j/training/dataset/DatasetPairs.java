package org.clip4j.training.dataset;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.clip4j.image.ImageDecoder;
import org.clip4j.image.ImageFormatException;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.text.InvalidTextException;
import org.clip4j.training.Lanes;
import org.clip4j.training.PairBatch;
import org.clip4j.training.PairSource;
import org.clip4j.training.drawn.Draws;

/**
 * Pictures and captions of a data set as a source for training: epoch after epoch, each in an order of its own that
 * depends on the seed and the number of samples only. What stands at a position does not depend on what was read
 * before.
 *
 * <p>
 * A sample whose contents cannot be used (corrupt picture, blank caption) is said once, and another one, chosen by
 * seed
 * and position, stands in its place; a file that cannot be read at all is an error. One thread at a time reads;
 * decoding
 * uses as many threads as the options say. Memory: the index, and at most
 * {@value #CHUNK} pictures.
 */
public final class DatasetPairs implements PairSource, AutoCloseable {
    /** Pictures that are decoded at once. */
    private static final int CHUNK = 64;
    /** 64 MiB for them. */
    private static final int CHUNK_BYTES = 64 << 20;
    /** 16 stand-ins tried in vain: most of the data set cannot be used. */
    private static final int MAX_TRIES = 16;
    /** Keeps the choice of stand-ins apart from the order. */
    private static final long STAND_IN = 0x5354414E44494EL;

    private final CaptionedSamples samples;
    private final Options options;
    private final Consumer<String> notes;
    private final BitSet unusable = new BitSet();
    private final List<Preprocessor> preprocessors = new ArrayList<>();
    private final ByteBuffer pictures;
    private final Slot[] slots;
    private final Lanes lanes;
    private int[] order;
    private long orderEpoch = -1;

    /**
     * How pairs are made.
     *
     * @param tokenizer of the model; captions that have too many tokens are cut off
     * @param resolution R of the model, pixels
     * @param seed of the order
     * @param threads that decode, 1 for the caller's alone
     */
    public record Options(ClipTokenizer tokenizer, int resolution, long seed, int threads) {
        /** Checks the number of threads. */
        public Options {
            Objects.requireNonNull(tokenizer, "tokenizer");
            if (threads < 1 || threads > CHUNK) {
                throw new IllegalArgumentException("threads is out of range: expected=1.." + CHUNK + " actual="
                        + threads);
            }
        }
    }

    /** What becomes of one position. */
    private static final class Slot {
        private final List<String> problems = new ArrayList<>();
        private final List<Integer> samples = new ArrayList<>();
        private int[] tokens;
    }

    /**
     * Makes a source.
     *
     * @param samples taken over, and closed with it
     * @param notes takes a line for each sample that cannot be used, on the reading thread
     */
    public DatasetPairs(CaptionedSamples samples, Options options, Consumer<String> notes) {
        this.samples = samples;
        this.options = options;
        this.notes = notes;
        PreprocessConfig config = PreprocessConfig.clip(options.resolution);
        ImageDecoder decoder = ImageDecoder.create();
        for (int i = 0; i < options.threads; i++) {
            preprocessors.add(new Preprocessor(config, decoder));
        }
        slots = new Slot[Math.max(1, Math.min(CHUNK, CHUNK_BYTES / pictureBytes()))];
        pictures = ByteBuffer.allocateDirect(Math.multiplyExact(slots.length, pictureBytes()));
        lanes = new Lanes(options.threads);
    }

    private int pictureBytes() {
        return Math.multiplyExact(3, Math.multiplyExact(options.resolution, options.resolution));
    }

    /** Number of samples, which is the number of positions in an epoch. */
    public int size() {
        return samples.size();
    }

    /** SHA-256 of the names and sizes of all samples; see {@link Samples#identity}. */
    public String identity() {
        return samples.identity();
    }

    /** Samples found so far that cannot be used. */
    public int unusable() {
        return unusable.cardinality();
    }

    /** The sample at a position, whether it can be used or not. */
    int sample(long position) {
        long epoch = position / samples.size();
        if (epoch != orderEpoch) {
            order = order(epoch);
            orderEpoch = epoch;
        }
        return order[(int) (position % samples.size())];
    }

    /** Fisher and Yates. */
    private int[] order(long epoch) {
        Draws draws = Draws.of(options.seed, epoch);
        int[] shuffled = new int[samples.size()];
        for (int i = 0; i < shuffled.length; i++) {
            int other = draws.below(i + 1);
            shuffled[i] = shuffled[other];
            shuffled[other] = i;
        }
        return shuffled;
    }

    @Override
    public void read(long first, int count, PairBatch into) throws IOException {
        if (first < 0 || into.resolution() != options.resolution) {
            throw new IllegalArgumentException("pairs cannot be read so: first=" + first + " resolution="
                    + into.resolution() + " expectedResolution=" + options.resolution);
        }
        for (int from = 0; from < count; from += slots.length) {
            int some = Math.min(slots.length, count - from);
            long start = first + from;
            int[] chosen = new int[some];
            for (int i = 0; i < some; i++) {
                chosen[i] = sample(start + i);
                slots[i] = new Slot();
            }
            try {
                lanes.run(some, (lane, i) -> fill(lane, i, start + i, chosen[i]));
            } finally {
                report(some);
            }
            for (int i = 0; i < some; i++) {
                ByteBuffer picture = pictures.duplicate().limit((i + 1) * pictureBytes()).position(i * pictureBytes());
                into.add(picture, slots[i].tokens, slots[i].tokens.length);
            }
        }
    }

    private void report(int count) {
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < slots[i].problems.size(); j++) {
                int sample = slots[i].samples.get(j);
                if (!unusable.get(sample)) {
                    unusable.set(sample);
                    notes.accept(slots[i].problems.get(j));
                }
            }
        }
    }

    private void fill(int lane, int slot, long position, int chosen) throws IOException {
        Draws others = Draws.of(options.seed ^ STAND_IN, position);
        int sample = chosen;
        for (int tries = 0; tries < MAX_TRIES; tries++) {
            try {
                slots[slot].tokens = options.tokenizer.encodeTruncated(samples.caption(sample));
                preprocessors.get(lane).pixels(samples.image(sample), pictures, slot * pictureBytes());
                return;
            } catch (ImageFormatException | InvalidTextException | UnusableSampleException e) {
                slots[slot].samples.add(sample);
                slots[slot].problems.add("sample cannot be used, another stands in its place: sample="
                        + FileNames.shown(samples.name(sample)) + " position=" + position + " reason="
                        + e.getMessage());
                sample = others.below(samples.size());
            } catch (IOException | UncheckedIOException e) {
                throw new DatasetException("sample cannot be read: sample=" + FileNames.shown(samples.name(sample))
                        + " position=" + position + " reason=" + e.getMessage(), e);
            }
        }
        throw new DatasetException("too few samples can be used: position=" + position + " triedInVain=" + MAX_TRIES
                + " last=" + FileNames.shown(samples.name(sample)) + "; repair the data set");
    }

    @Override
    public void close() throws IOException {
        lanes.close();
        preprocessors.forEach(Preprocessor::close);
        samples.close();
    }
}
