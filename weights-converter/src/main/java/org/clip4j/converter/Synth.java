package org.clip4j.converter;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.clip4j.kernels.DType;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.ModelFileWriter;
import org.clip4j.weights.ModelSource;
import org.clip4j.weights.TensorSpec;
import org.clip4j.weights.TensorTable;

/** Writes models whose weights come from a hash, for tests and benchmarks without a download. */
public final class Synth {
    /** Seed of the reference goldens. */
    public static final String DEFAULT_SEED = "lab-shared-1";

    private static final int CHUNK_ELEMENTS = 1 << 20;

    private final ModelFileWriter writer;
    private final String seed;
    private final List<TensorSpec> specs;
    private final long totalBytes;
    private final ProgressListener listener;
    private final AtomicInteger nextChunk = new AtomicInteger();
    private final List<Chunk> chunks = new ArrayList<>();
    private long doneBytes;

    private record Chunk(TensorSpec spec, long from, int count) {}

    private Synth(ModelFileWriter writer, String seed, List<TensorSpec> specs, ProgressListener listener) {
        this.writer = writer;
        this.seed = seed;
        this.specs = specs;
        this.listener = listener;
        this.totalBytes = 4 * specs.stream().mapToLong(TensorSpec::elements).sum();
    }

    /**
     * Writes one of the {@link PublishedArchitectures} in f32.
     *
     * @param vocab merges as OpenAI publishes them, plain or gzip; without them the model has no tokenizer
     * @param threads how many generate at once, at least 1
     * @throws CheckpointException when the vocabulary does not fit
     * @throws IllegalArgumentException when there is no such architecture
     */
    public static ConversionSummary synth(String architecture, Path out, String seed, Optional<Path> vocab, int threads,
            ProgressListener listener) throws IOException {
        return write(PublishedArchitectures.of(architecture), architecture, out, seed, vocab, threads, listener);
    }

    /** Writes a model of any configuration in f32; {@code name} goes into the file as its source. */
    public static ConversionSummary write(ClipConfig config, String name, Path out, String seed, Optional<Path> vocab,
            int threads, ProgressListener listener) throws IOException {
        List<TensorSpec> specs = TensorTable.of(config);
        List<ModelFileWriter.Entry> entries = new ArrayList<>();
        specs.forEach(spec -> entries.add(new ModelFileWriter.Entry(spec.name(), DType.F32, spec.shape())));
        List<String> warnings = new ArrayList<>();
        byte[] merges = null;
        if (vocab.isPresent()) {
            merges = Vocabulary.encode(Vocabulary.readFile(vocab.get()), config.text().vocabSize(),
                    vocab.get().toString());
            entries.add(new ModelFileWriter.Entry(ModelFile.MERGES, DType.U8, List.of(merges.length)));
        } else {
            warnings.add("model has no vocabulary: text cannot be encoded; give --vocab bpe_simple_vocab_16e6.txt.gz");
        }
        ModelSource source = new ModelSource("synth " + name + " seed=" + seed, Optional.empty());
        try (ModelFileWriter writer = ModelFileWriter.create(out, config, source, entries)) {
            if (merges != null) {
                writer.write(ModelFile.MERGES, 0, ByteBuffer.wrap(merges));
            }
            Synth synth = new Synth(writer, seed, specs, listener);
            synth.run(threads);
            writer.commitUnsynced();
            return new ConversionSummary(config, "synth", source, specs.size(), synth.totalBytes, warnings);
        } catch (ModelFileException e) {
            throw new CheckpointException(e.getMessage(), e);
        }
    }

    private void run(int threads) throws IOException {
        for (TensorSpec spec : specs) {
            for (long from = 0; from < spec.elements(); from += CHUNK_ELEMENTS) {
                chunks.add(new Chunk(spec, from, (int) Math.min(CHUNK_ELEMENTS, spec.elements() - from)));
            }
        }
        if (threads <= 1) {
            work();
            return;
        }
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                workers.add(pool.submit(this::work));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UncheckedIOException io) {
                throw io.getCause();
            }
            throw new IllegalStateException("a generating thread failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the model was generated", e);
        } finally {
            pool.shutdownNow();
        }
    }

    private void work() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(4 * CHUNK_ELEMENTS).order(ByteOrder.LITTLE_ENDIAN);
        try {
            for (int i = nextChunk.getAndIncrement(); i < chunks.size(); i = nextChunk.getAndIncrement()) {
                Chunk chunk = chunks.get(i);
                WeightGenerator generator = WeightGenerator.of(seed, chunk.spec.name(), chunk.spec.shape());
                generator.fill(chunk.from, chunk.count, buffer.clear());
                writer.write(chunk.spec.name(), 4 * chunk.from, buffer.flip());
                advance(4L * chunk.count);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized void advance(long bytes) {
        doneBytes += bytes;
        listener.progress(doneBytes, totalBytes);
    }
}
