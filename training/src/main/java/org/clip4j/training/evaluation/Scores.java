package org.clip4j.training.evaluation;

/** Compares scores. Stateless. */
final class Scores {
    private Scores() {}

    /** Dot product of two rows of matrices with as many columns, summed in double precision. */
    static double dot(float[] a, int rowOfA, float[] b, int rowOfB, int columns) {
        double sum = 0;
        int atA = rowOfA * columns;
        int atB = rowOfB * columns;
        for (int i = 0; i < columns; i++) {
            sum += (double) a[atA + i] * b[atB + i];
        }
        return sum;
    }

    /** How many others score no less than the right one; 0 when it is the best. */
    static int rank(double[] scores, int right) {
        int rank = 0;
        for (int i = 0; i < scores.length; i++) {
            rank += i != right && scores[i] >= scores[right] ? 1 : 0;
        }
        return rank;
    }

    /** The best one; of equal ones the first that is not the right one. */
    static int answer(double[] scores, int right) {
        int best = right;
        for (int i = 0; i < scores.length; i++) {
            if (scores[i] > scores[best] || (best == right && scores[i] == scores[best])) {
                best = i;
            }
        }
        return best;
    }
}
