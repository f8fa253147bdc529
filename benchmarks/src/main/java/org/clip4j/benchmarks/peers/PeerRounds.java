package org.clip4j.benchmarks.peers;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.clip4j.benchmarks.CallProfiler;
import org.clip4j.benchmarks.Median;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.util.MultisetStatistics;
import org.openjdk.jmh.util.Statistics;

/** Takes the iterations of an alternating run apart: even ones are ours, odd ones theirs. */
final class PeerRounds {
    private final List<IterationResult> ours = new ArrayList<>();
    private final List<IterationResult> theirs = new ArrayList<>();

    PeerRounds(Collection<IterationResult> iterations) {
        boolean oursNext = true;
        for (IterationResult iteration : iterations) {
            (oursNext ? ours : theirs).add(iteration);
            oursNext = !oursNext;
        }
        if (theirs.isEmpty() || ours.size() != theirs.size()) {
            throw new IllegalArgumentException(
                    "rounds do not pair up: ours=" + ours.size() + " theirs=" + theirs.size());
        }
    }

    PeerRow row(String what, double bar) {
        return new PeerRow(what, bar, times(ours), times(theirs), medianSpeedUp(), control());
    }

    private static PeerRow.Times times(List<IterationResult> rounds) {
        MultisetStatistics all = new MultisetStatistics();
        for (IterationResult round : rounds) {
            Iterator<Map.Entry<Double, Long>> samples = statistics(round).getRawData();
            while (samples.hasNext()) {
                Map.Entry<Double, Long> sample = samples.next();
                all.addValue(sample.getKey(), sample.getValue());
            }
        }
        double bytesPerCall = Median.of(rounds.stream().map(round -> score(round, CallProfiler.BYTES)).toList());
        return new PeerRow.Times(all.getPercentile(50), all.getPercentile(99), all.getPercentile(99.9), all.getN(),
                bytesPerCall, score(rounds.get(0), CallProfiler.COSINE));
    }

    private double medianSpeedUp() {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < ours.size(); i++) {
            ratios.add(statistics(theirs.get(i)).getPercentile(50) / statistics(ours.get(i)).getPercentile(50));
        }
        return Median.of(ratios);
    }

    private PeerRow.Range control() {
        List<Double> millis = new ArrayList<>();
        ours.forEach(round -> millis.add(score(round, CallProfiler.CONTROL)));
        theirs.forEach(round -> millis.add(score(round, CallProfiler.CONTROL)));
        return new PeerRow.Range(Collections.min(millis), Collections.max(millis));
    }

    private static Statistics statistics(IterationResult round) {
        return round.getPrimaryResult().getStatistics();
    }

    private static double score(IterationResult round, String label) {
        return round.getSecondaryResults().get(label).getScore();
    }
}
