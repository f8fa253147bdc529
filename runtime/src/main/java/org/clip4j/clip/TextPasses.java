package org.clip4j.clip;

import java.nio.FloatBuffer;
import java.util.Arrays;

/** Embeds as many texts as are asked for, a pass of neighbours after another. Belongs to one session. */
final class TextPasses {
    private final TextBatch batch;
    private final int embedDim;

    /** Through a batch, which stays its owner's. */
    TextPasses(TextBatch batch, int embedDim) {
        this.batch = batch;
        this.embedDim = embedDim;
    }

    /** Embeds texts in the order given; their tokens have been checked. Allocates nothing. */
    void embed(int[] tokenIds, int[] textOffsets, int texts, EmbeddingForm form, FloatBuffer out, int outIndex) {
        int first = 0;
        while (first < texts) {
            batch.clear();
            while (first + batch.texts() < texts && batch.add(tokenIds, textOffsets[first + batch.texts()],
                    textOffsets[first + batch.texts() + 1])) {
                // One more has found room.
            }
            batch.run(form);
            batch.download(out, outIndex + first * embedDim);
            first += batch.texts();
        }
    }

    /** Embeds texts so that those that begin alike are neighbours; their tokens have been checked. */
    void embedSorted(int[][] tokens, EmbeddingForm form, FloatBuffer out, int outIndex) {
        Integer[] order = new Integer[tokens.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Arrays.compare(tokens[a], tokens[b]));
        int first = 0;
        while (first < order.length) {
            batch.clear();
            while (first + batch.texts() < order.length) {
                int[] added = tokens[order[first + batch.texts()]];
                if (!batch.add(added, 0, added.length)) {
                    break;
                }
            }
            batch.run(form);
            for (int i = 0; i < batch.texts(); i++) {
                batch.download(i, out, outIndex + order[first + i] * embedDim);
            }
            first += batch.texts();
        }
    }
}
