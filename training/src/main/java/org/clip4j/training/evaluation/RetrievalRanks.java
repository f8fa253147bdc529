package org.clip4j.training.evaluation;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Tensor;

/**
 * Ranks of N pictures among N captions and the other way round, in tiles of similarities that are forgotten. The
 * matrix
 * products run on a backend; where they are too close to tell, the sum is done again in double precision, so that
 * equal
 * captions are equal wherever they stand.
 */
final class RetrievalRanks {
    /** A tile of 1024 x 1024 similarities takes 4 MB. */
    private static final int TILE = 1024;

    private final int[] ofTexts;
    private final int[] ofImages;

    private RetrievalRanks(int count) {
        ofTexts = new int[count];
        ofImages = new int[count];
    }

    /** For each picture, how many captions fit it no less than its own, its own not counted. */
    int[] ofTexts() {
        return ofTexts;
    }

    /** For each caption, how many pictures fit it no less than its own, its own not counted. */
    int[] ofImages() {
        return ofImages;
    }

    /**
     * Computes all ranks.
     *
     * @param backend CPU, f32
     * @param images [N,E], rows of unit length; row i belongs to row i of the texts
     * @param texts [N,E]
     */
    static RetrievalRanks of(Backend backend, float[] images, float[] texts, int count, int embedDim) {
        RetrievalRanks ranks = new RetrievalRanks(count);
        double[] own = new double[count];
        for (int i = 0; i < count; i++) {
            own[i] = Scores.dot(images, i, texts, i, embedDim);
        }
        int side = Math.min(TILE, count);
        float[] tile = new float[side * side];
        // A sum of E products of unit vectors in f32 is off by at most E units in the last place; twice that is safe.
        double unclear = 2.0 * embedDim * 0x1.0p-23;
        try (ExecutionContext context = backend.newContext(); Arena arena = backend.newArena()) {
            Tensor x = arena.allocate(DType.F32, side, embedDim);
            Tensor weight = arena.allocate(DType.F32, side, embedDim);
            Tensor out = arena.allocate(DType.F32, side, side);
            for (int firstText = 0; firstText < count; firstText += side) {
                int columns = Math.min(side, count - firstText);
                context.upload(FloatBuffer.wrap(texts), firstText * embedDim, weight, columns * embedDim);
                try (Arena packed = backend.newArena()) {
                    Linear product = backend.linear(packed, weight.prefix(columns, embedDim), null, Activation.NONE);
                    Tensor products = out.prefix(side, columns);
                    for (int firstImage = 0; firstImage < count; firstImage += side) {
                        int rows = Math.min(side, count - firstImage);
                        context.upload(FloatBuffer.wrap(images), firstImage * embedDim, x, rows * embedDim);
                        product.run(context, x, rows, products);
                        context.download(products, FloatBuffer.wrap(tile), 0, rows * columns);
                        Tile place = new Tile(firstImage, rows, firstText, columns);
                        ranks.count(place, tile, own,
                                (image, text, product32) -> Math.abs(product32 - own[image]) > unclear
                                        && Math.abs(product32 - own[text]) > unclear
                                                ? product32
                                                : Scores.dot(images, image, texts, text, embedDim));
                    }
                }
            }
        }
        return ranks;
    }

    /** Which part of the matrix a tile is. */
    private record Tile(int firstImage, int rows, int firstText, int columns) {}

    /** A similarity that can be compared. */
    private interface Exact {
        double of(int image, int text, float product);
    }

    private void count(Tile place, float[] tile, double[] own, Exact exact) {
        for (int i = 0; i < place.rows; i++) {
            int image = place.firstImage + i;
            int rank = 0;
            for (int j = 0; j < place.columns; j++) {
                int text = place.firstText + j;
                if (text == image) {
                    continue;
                }
                double score = exact.of(image, text, tile[i * place.columns + j]);
                rank += score >= own[image] ? 1 : 0;
                ofImages[text] += score >= own[text] ? 1 : 0;
            }
            ofTexts[image] += rank;
        }
    }
}
