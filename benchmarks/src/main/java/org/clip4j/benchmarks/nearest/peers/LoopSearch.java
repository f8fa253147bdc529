package org.clip4j.benchmarks.nearest.peers;

import java.util.Arrays;

/** What one would write without a library: a loop over all rows, the nearest kept sorted. */
final class LoopSearch implements Search {
    private final ClusteredRows rows;
    private final float[] best;

    LoopSearch(ClusteredRows rows, int k) {
        this.rows = rows;
        this.best = new float[k];
    }

    @Override
    public String name() {
        return "plain loop, exact";
    }

    @Override
    public int search(int query, int[] nearest) {
        float[] values = rows.query(query);
        Arrays.fill(best, Float.NEGATIVE_INFINITY);
        for (int row = 0; row < rows.count(); row++) {
            float[] other = rows.row(row);
            float sum = 0;
            for (int i = 0; i < values.length; i++) {
                sum += values[i] * other[i];
            }
            int at = best.length - 1;
            if (sum > best[at]) {
                for (; at > 0 && best[at - 1] < sum; at--) {
                    best[at] = best[at - 1];
                    nearest[at] = nearest[at - 1];
                }
                best[at] = sum;
                nearest[at] = row;
            }
        }
        return Math.min(nearest.length, rows.count());
    }
}
