package org.clip4j.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.clip4j.testing.Goldens;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * How long does it take to tokenize a caption? An average over captions from none to more than 77 tokens. Needs the real
 * vocabulary.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TokenizerBenchmark {
    private static final int CAPTIONS = 6;

    @Param({"true", "false"})
    boolean ftfy;

    private ClipTokenizer tokenizer;
    private List<String> captions;
    private int[] ids;
    private int[] offsets;

    @Setup
    public void load() throws IOException {
        Goldens goldens = Goldens.full("ViT-B-32");
        captions = ((List<?>) goldens.index().get("captions")).stream().map(String.class::cast).toList();
        int[] expected = goldens.ints("tokens");
        int contextLength = goldens.shape("tokens")[1];
        tokenizer = ClipTokenizer.of(BpeMerges.read(vocabulary()), contextLength).withFtfy(ftfy);
        ids = new int[captions.size() * contextLength];
        offsets = new int[captions.size() + 1];
        tokenizer.encodeAll(captions, true, ids, offsets);
        for (int i = 0; i < CAPTIONS; i++) {
            int length = offsets[i + 1] - offsets[i];
            if (!Arrays.equals(ids, offsets[i], offsets[i + 1], expected, i * contextLength,
                    i * contextLength + length)) {
                throw new IllegalStateException("wrong tokens, nothing is timed: text='" + captions.get(i) + "' actual="
                        + Arrays.toString(Arrays.copyOfRange(ids, offsets[i], offsets[i + 1])));
            }
        }
    }

    private static Path vocabulary() {
        String property = System.getProperty("clip4j.vocab", "");
        String file = property.isEmpty() ? System.getenv("CLIP4J_VOCAB") : property;
        if (file == null) {
            throw new IllegalStateException("skipped, it needs the real vocabulary: set -Dclip4j.vocab or CLIP4J_VOCAB"
                    + " to bpe_simple_vocab_16e6.txt.gz");
        }
        return Path.of(file);
    }

    @Benchmark
    @OperationsPerInvocation(CAPTIONS)
    public int encode() {
        return tokenizer.encodeAll(captions, true, ids, offsets);
    }
}
