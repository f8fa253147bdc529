package org.clip4j.training.bpe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;

/**
 * Learns merges from texts: as long as there is room, the most frequent pair of neighbouring symbols becomes one. Texts are
 * cleaned and split into words by {@link ClipTokenizer} itself, so the merges are of the words that it will see. The result
 * depends on the words and their counts only, not on their order. One thread at a time.
 *
 * <p>
 * Source: Sennrich, Haddow and Birch, Neural Machine Translation of Rare Words with Subword Units, ACL 2016, algorithm 1;
 * bytes and word ends as in openai/CLIP clip/simple_tokenizer.py.
 */
public final class BpeTrainer {
    /** Token ids 0 to 255 are bytes, 256 to 511 bytes that end a word. */
    private static final int BYTE_TOKENS = 512;
    /** 0xFF twice: no text in UTF-8 has it, so a tokenizer with this merge alone knows bytes only. */
    private static final String NO_MERGE = "\u00FF \u00FF";
    /** Longest text in tokens; the arrays that hold them grow as needed. */
    private static final int ANY_LENGTH = Integer.MAX_VALUE - 8;

    private final ClipTokenizer bytes = ClipTokenizer.of(BpeMerges.ofLines(List.of(NO_MERGE)), ANY_LENGTH);
    private final Map<List<Integer>, Integer> counts = new HashMap<>();

    /** Counts a text's words, each so often as it occurs. */
    public void add(String text) {
        List<Integer> word = new ArrayList<>();
        for (int id : bytes.encode(text)) {
            if (id >= BYTE_TOKENS) {
                continue;
            }
            word.add(id);
            if (id >= BYTE_TOKENS / 2) {
                counts.merge(List.copyOf(word), 1, Math::addExact);
                word.clear();
            }
        }
    }

    /** Number of different words that were counted. */
    public int wordCount() {
        return counts.size();
    }

    /**
     * Learns merges from what was counted. Of pairs that are equally frequent, the one goes first whose first symbol is
     * older, then whose second is: bytes in the order of their token ids, then merges in the order in which they were made.
     * A pair that would spell a token once more is passed over: a tokenizer knows tokens by their text.
     *
     * @param maxMerges most merges; fewer come out when no pair is left that is frequent enough
     * @param minCount how often a pair must occur
     * @throws IllegalArgumentException if a limit is below 1, or nothing occurs often enough
     */
    public BpeMerges train(int maxMerges, int minCount) {
        if (maxMerges < 1 || minCount < 1) {
            throw new IllegalArgumentException(
                    "limits must be positive: maxMerges=" + maxMerges + " minCount=" + minCount);
        }
        List<String> lines = new Run(counts, minCount).merges(maxMerges);
        if (lines.isEmpty()) {
            throw new IllegalArgumentException("no pair of symbols is frequent enough: words=" + counts.size()
                    + " minCount=" + minCount + "; add more texts or ask for less");
        }
        return BpeMerges.ofLines(lines);
    }

    /** A pair of symbols. */
    private record Pair(int first, int second) {}

    /** A pair as often as it was when it was queued. */
    private record Candidate(long count, Pair pair) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            int order = Long.compare(other.count, count);
            if (order == 0) {
                order = Integer.compare(pair.first, other.pair.first);
            }
            return order == 0 ? Integer.compare(pair.second, other.pair.second) : order;
        }
    }

    /** The state of one training: words as they are merged so far, and where each pair occurs. */
    private static final class Run {
        private final int minCount;
        private final List<int[]> words = new ArrayList<>();
        private final List<Integer> wordCounts = new ArrayList<>();
        private final List<String> names = new ArrayList<>();
        private final Set<String> known = new HashSet<>();
        private final Map<Pair, Long> pairCounts = new HashMap<>();
        /** Words in which a pair occurs, or did. */
        private final Map<Pair, Set<Integer>> places = new HashMap<>();
        /** Candidates may be out of date: a count that is no longer the pair's is passed over. */
        private final PriorityQueue<Candidate> queue = new PriorityQueue<>();

        Run(Map<List<Integer>, Integer> counts, int minCount) {
            this.minCount = minCount;
            for (int id = 0; id < BYTE_TOKENS; id++) {
                names.add(ByteNames.of(id));
            }
            known.addAll(names);
            for (Map.Entry<List<Integer>, Integer> entry : counts.entrySet()) {
                words.add(entry.getKey().stream().mapToInt(Integer::intValue).toArray());
                wordCounts.add(entry.getValue());
            }
            Set<Pair> changed = new HashSet<>();
            for (int word = 0; word < words.size(); word++) {
                count(word, 1, changed);
            }
            enqueue(changed);
        }

        List<String> merges(int most) {
            List<String> lines = new ArrayList<>();
            while (lines.size() < most && !queue.isEmpty()) {
                Candidate best = queue.poll();
                if (pairCounts.getOrDefault(best.pair, 0L) != best.count) {
                    continue;
                }
                String first = names.get(best.pair.first);
                String second = names.get(best.pair.second);
                if (!known.add(first + second)) {
                    continue;
                }
                lines.add(first + " " + second);
                names.add(first + second);
                merge(best.pair, names.size() - 1);
            }
            return lines;
        }

        private void merge(Pair pair, int merged) {
            Set<Pair> changed = new HashSet<>();
            for (int word : places.remove(pair)) {
                count(word, -1, changed);
                words.set(word, merged(words.get(word), pair, merged));
                count(word, 1, changed);
            }
            enqueue(changed);
        }

        /** Replaces a pair from left to right, as {@link ClipTokenizer} does. */
        private static int[] merged(int[] word, Pair pair, int merged) {
            int[] result = new int[word.length];
            int length = 0;
            for (int i = 0; i < word.length; i++) {
                boolean hit = word[i] == pair.first && i + 1 < word.length && word[i + 1] == pair.second;
                result[length++] = hit ? merged : word[i];
                i += hit ? 1 : 0;
            }
            return Arrays.copyOf(result, length);
        }

        /** Adds a word's pairs to the counts, or takes them away. */
        private void count(int word, int sign, Set<Pair> changed) {
            int[] symbols = words.get(word);
            for (int i = 0; i + 1 < symbols.length; i++) {
                Pair pair = new Pair(symbols[i], symbols[i + 1]);
                pairCounts.merge(pair, (long) sign * wordCounts.get(word), Math::addExact);
                changed.add(pair);
                if (sign > 0) {
                    places.computeIfAbsent(pair, p -> new HashSet<>()).add(word);
                }
            }
        }

        private void enqueue(Set<Pair> changed) {
            for (Pair pair : changed) {
                long count = pairCounts.get(pair);
                if (count >= minCount) {
                    queue.add(new Candidate(count, pair));
                }
            }
        }
    }
}
