package org.clip4j.benchmarks.nearest;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.clip4j.kernels.Tensor;

/**
 * How many of the nearest rows another search finds.
 *
 * @param queries number of queries
 * @param k nearest rows of each
 * @param found part of these that the other search has found
 * @param same whether it found them in the same order with the same scores, to the last bit
 */
record Recall(int queries, int k, double found, boolean same) {
    /** Compares results [queries, k]. */
    static Recall of(Tensor expectedRows, Tensor rows, Tensor expectedScores, Tensor scores) {
        int k = rows.columns();
        int found = 0;
        boolean same = true;
        for (int query = 0; query < rows.rows(); query++) {
            Set<Double> expected = new HashSet<>();
            for (int i = 0; i < k; i++) {
                expected.add(expectedRows.get(query, i));
                same &= rows.get(query, i) == expectedRows.get(query, i)
                        && scores.get(query, i) == expectedScores.get(query, i);
            }
            for (int i = 0; i < k; i++) {
                found += expected.contains(rows.get(query, i)) ? 1 : 0;
            }
        }
        return new Recall(rows.rows(), k, (double) found / rows.elements(), same);
    }

    boolean holds() {
        return found == 1;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("queries", queries);
        json.put("k", k);
        json.put("recall", found);
        json.put("same_scores_and_order", same);
        json.put("bar", 1.0);
        json.put("holds", holds());
        return json;
    }
}
