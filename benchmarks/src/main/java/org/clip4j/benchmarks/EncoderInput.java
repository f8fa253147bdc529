package org.clip4j.benchmarks;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clip4j.converter.InputGenerator;
import org.clip4j.kernels.Precision;

/**
 * What an encoder is fed with, and the answer it must give. Texts of one input have the same number of tokens, so that
 * runtimes without ragged batches get the same work. Immutable but for the buffer, which nobody writes to.
 */
public final class EncoderInput {
    private final int batch;
    private final int resolution;
    private final FloatBuffer pixels;
    private final int[] ids;
    private final double[] expected;

    private EncoderInput(int batch, int resolution, FloatBuffer pixels, int[] ids, double[] expected) {
        this.batch = batch;
        this.resolution = resolution;
        this.pixels = pixels;
        this.ids = ids;
        this.expected = expected;
    }

    /**
     * Generated images; image i of the batch is number {@code i % distinct}.
     *
     * @param seed of the generator
     * @param label of the generator, usually the architecture
     * @param expected [distinct,E]
     */
    public static EncoderInput images(String seed, String label, int resolution, int batch, int distinct,
            double[] expected) {
        FloatBuffer pixels = ByteBuffer.allocateDirect(batch * 3 * resolution * resolution * Float.BYTES)
                .order(ByteOrder.nativeOrder()).asFloatBuffer();
        for (int i = 0; i < batch; i++) {
            InputGenerator.image(seed, label, resolution, i % distinct, pixels);
        }
        return new EncoderInput(batch, resolution, pixels.flip(), null, repeated(expected, distinct, batch));
    }

    /**
     * Texts; text i of the batch is row {@code i % (ids.length / length)} of the ids.
     *
     * @param ids [distinct,length], padded with zeros behind the end token where a row is shorter
     * @param length tokens of each text
     * @param expected [distinct,E]
     */
    public static EncoderInput texts(int[] ids, int length, int batch, double[] expected) {
        int distinct = ids.length / length;
        int[] all = new int[batch * length];
        for (int i = 0; i < batch; i++) {
            System.arraycopy(ids, i % distinct * length, all, i * length, length);
        }
        return new EncoderInput(batch, 0, null, all, repeated(expected, distinct, batch));
    }

    private static double[] repeated(double[] rows, int distinct, int batch) {
        int embedDim = rows.length / distinct;
        double[] all = new double[batch * embedDim];
        for (int i = 0; i < batch; i++) {
            System.arraycopy(rows, i % distinct * embedDim, all, i * embedDim, embedDim);
        }
        return all;
    }

    /** True for texts. */
    public boolean isText() {
        return ids != null;
    }

    /** B. */
    public int batch() {
        return batch;
    }

    /** E. */
    public int embedDim() {
        return expected.length / batch;
    }

    /** R in pixels; images only. */
    public int resolution() {
        return resolution;
    }

    /** Direct, [B,3,R,R]; images only. */
    public FloatBuffer pixels() {
        return pixels;
    }

    /** [B,T], not a copy; texts only. */
    public int[] ids() {
        return ids;
    }

    /** B + 1 positions in the ids; texts only. */
    public int[] offsets() {
        int[] offsets = new int[batch + 1];
        Arrays.setAll(offsets, i -> i * (ids.length / batch));
        return offsets;
    }

    /**
     * Lets an encoder embed this input and checks what it says.
     *
     * @throws IllegalStateException when an embedding is off by more than {@link AnswerCheck#F32_LIMIT}
     */
    public void check(Encoder encoder) {
        encoder.encode();
        AnswerCheck.requireClose(encoder.getClass().getSimpleName(), expected, encoder.embeddings(), embedDim(),
                AnswerCheck.F32_LIMIT);
    }

    /** The same for an encoder of any precision, as {@link AnswerCheck} asks of it; returns the least cosine. */
    public double check(Encoder encoder, Precision precision) {
        if (precision == Precision.F32) {
            check(encoder);
        }
        return check(encoder, AnswerCheck.requiredCosine(precision));
    }

    /**
     * Lets an encoder embed this input and checks the directions of its embeddings.
     *
     * @return the least cosine of an embedding with what it should be
     * @throws IllegalStateException when that is below {@code least}
     */
    public double check(Encoder encoder, double least) {
        encoder.encode();
        double cosine = AnswerCheck.leastCosine(expected, encoder.embeddings(), embedDim());
        // Negated, so that NaN fails.
        if (!(cosine >= least)) {
            throw new IllegalStateException("wrong answer, nothing is timed: who=" + encoder.getClass().getSimpleName()
                    + " leastCosine=" + cosine + " limit=" + least);
        }
        return cosine;
    }
}
