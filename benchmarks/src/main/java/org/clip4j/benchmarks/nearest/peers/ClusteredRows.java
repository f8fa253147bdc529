package org.clip4j.benchmarks.nearest.peers;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Rows of unit length in clusters, as embeddings are: a cluster's centre and something of its own, of about the same
 * length. Queries are made alike, and are no rows. Rows at random have no neighbours that an approximate search could
 * find: none is near. Immutable, but arrays are not copied.
 */
final class ClusteredRows {
    /** Several times the rows that are asked for, so that a cluster does not answer the question. */
    private static final int ROWS_PER_CLUSTER = 50;

    private final float[][] rows;
    private final float[][] queries;

    ClusteredRows(int count, int queryCount, int width) {
        int clusters = Math.max(1, count / ROWS_PER_CLUSTER);
        float[][] centres = made(clusters, width, 1, new float[][]{new float[width]});
        rows = made(count, width, 2, centres);
        queries = made(queryCount, width, 3, centres);
    }

    private static float[][] made(int count, int width, long kind, float[][] centres) {
        float[][] made = new float[count][];
        IntStream.range(0, count).parallel()
                .forEach(i -> made[i] = unit(new SplittableRandom(kind << 32 | i), width, centres));
        return made;
    }

    private static float[] unit(SplittableRandom random, int width, float[][] centres) {
        float[] centre = centres[random.nextInt(centres.length)];
        double[] values = new double[width];
        double squares = 0;
        for (int i = 0; i < width; i++) {
            // The sum of two even distributions, of variance 1 / width.
            values[i] = centre[i] + (random.nextDouble() + random.nextDouble() - 1) / Math.sqrt(width / 6.0);
            squares += values[i] * values[i];
        }
        float[] unit = new float[width];
        for (int i = 0; i < width; i++) {
            unit[i] = (float) (values[i] / Math.sqrt(squares));
        }
        return unit;
    }

    int count() {
        return rows.length;
    }

    int width() {
        return rows[0].length;
    }

    float[] row(int number) {
        return rows[number];
    }

    int queryCount() {
        return queries.length;
    }

    float[] query(int number) {
        return queries[number];
    }

    /** Their dot product, in double precision. */
    double score(int query, int row) {
        double sum = 0;
        for (int i = 0; i < rows[row].length; i++) {
            sum += (double) queries[query][i] * rows[row][i];
        }
        return sum;
    }
}
