package org.clip4j.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A trie against the set of all beginnings of its texts. */
class TokenTrieTest {
    private static final int MAX_TEXTS = 64;
    private static final int MAX_TOKENS = 64 * 12;

    private final TokenTrie trie = new TokenTrie(MAX_TEXTS, MAX_TOKENS, MAX_TOKENS, true);

    private static void fill(TokenTrie trie, List<int[]> texts) {
        trie.clear();
        for (int[] text : texts) {
            int[] surrounded = new int[text.length + 3];
            Arrays.fill(surrounded, -7);
            System.arraycopy(text, 0, surrounded, 2, text.length);
            assertThat(trie.add(surrounded, 2, 2 + text.length)).isTrue();
        }
    }

    /** Every text is found along its path, and every node is added by exactly one distinct text. */
    private static void check(TokenTrie trie, List<int[]> texts, String what) {
        assertThat(trie.texts()).as(what).isEqualTo(texts.size());
        assertThat(trie.tokens()).as(what).isEqualTo(texts.stream().mapToInt(text -> text.length).sum());
        for (int text = 0; text < texts.size(); text++) {
            int distinct = trie.distinctOf()[text];
            int[] path = Arrays.copyOfRange(trie.paths(), trie.keyOffsets()[distinct], trie.keyOffsets()[distinct + 1]);
            assertThat(Arrays.stream(path).map(node -> trie.ids()[node])).as(what)
                    .containsExactly(boxed(texts.get(text)));
            assertThat(Arrays.stream(path).map(node -> trie.places()[node])).as(what)
                    .containsExactly(boxed(IntStream.range(0, path.length).toArray()));
            assertThat(trie.lastNodes()[distinct]).as(what).isEqualTo(path[path.length - 1]);
            int added = trie.queryOffsets()[distinct + 1] - trie.queryOffsets()[distinct];
            assertThat(Arrays.copyOfRange(path, path.length - added, path.length)).as(what).containsExactly(
                    IntStream.range(trie.queryOffsets()[distinct], trie.queryOffsets()[distinct + 1]).toArray());
        }
        assertThat(trie.queryOffsets()[0]).isZero();
        assertThat(trie.queryOffsets()[trie.distinct()]).as(what).isEqualTo(trie.nodes());
    }

    private static Integer[] boxed(int[] values) {
        return Arrays.stream(values).boxed().toArray(Integer[]::new);
    }

    private static int beginnings(List<int[]> texts) {
        Set<List<Integer>> all = new HashSet<>();
        for (int[] text : texts) {
            for (int end = 1; end <= text.length; end++) {
                all.add(Arrays.stream(text, 0, end).boxed().toList());
            }
        }
        return all.size();
    }

    @Test
    void aTextThatBeginsAnotherAddsNoNode() {
        List<int[]> texts = List.of(new int[]{1, 2, 3}, new int[]{1, 2}, new int[]{1, 2, 3}, new int[]{1, 2, 3, 4});
        fill(trie, texts);
        check(trie, texts, "beginnings");
        assertThat(trie.nodes()).isEqualTo(4);
        assertThat(trie.distinct()).isEqualTo(3);
        assertThat(Arrays.copyOf(trie.distinctOf(), 4)).containsExactly(0, 1, 0, 2);
        assertThat(Arrays.copyOf(trie.queryOffsets(), 4)).containsExactly(0, 3, 3, 4);
    }

    @Test
    void textsWithoutACommonBeginningShareNothing() {
        List<int[]> texts = List.of(new int[]{1, 2, 3}, new int[]{2, 2, 3}, new int[]{3, 2, 3});
        fill(trie, texts);
        check(trie, texts, "nothing in common");
        assertThat(trie.nodes()).isEqualTo(9);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 20})
    void hasANodeForEachBeginning(int alphabet) {
        long seed = Long.getLong("clip4j.seed", new Random().nextLong());
        Random random = new Random(seed);
        for (int round = 0; round < 100; round++) {
            List<int[]> texts = new ArrayList<>();
            for (int i = random.nextInt(MAX_TEXTS) + 1; i > 0; i--) {
                texts.add(random.ints(random.nextInt(12) + 1, 0, alphabet).toArray());
            }
            String what = "seed=" + seed + " round=" + round;
            fill(trie, texts);
            check(trie, texts, what);
            assertThat(trie.nodes()).as(what).isEqualTo(beginnings(texts));
            assertThat(trie.distinct()).as(what)
                    .isEqualTo(texts.stream().map(text -> Arrays.stream(text).boxed().toList()).distinct().count());
        }
    }

    @Test
    void takesTextsAsLongAsNodesPathsAndTextsHaveRoom() {
        List<int[]> taken = new ArrayList<>(List.of(new int[]{1, 2, 3}, new int[]{1, 2, 4}, new int[]{1, 2, 3}));
        TokenTrie few = new TokenTrie(5, 4, 9, true);
        fill(few, taken);
        assertThat(few.add(new int[]{1, 2, 5}, 0, 3)).as("a fifth node").isFalse();
        check(few, taken, "a refused text leaves no trace");
        taken.add(new int[]{1, 2});
        assertThat(few.add(new int[]{1, 2}, 0, 2)).isTrue();
        assertThat(few.add(new int[]{1, 2}, 0, 2)).as("a tenth token of paths").isFalse();
        check(few, taken, "a refused path leaves no trace");
        taken.add(new int[]{1});
        assertThat(few.add(new int[]{1}, 0, 1)).isTrue();
        assertThat(few.add(new int[]{1}, 0, 1)).as("a sixth text").isFalse();
        check(few, taken, "filled");
    }

    @Test
    void withoutSharingEachTextIsABranchOfItsOwn() {
        TokenTrie unshared = new TokenTrie(MAX_TEXTS, MAX_TOKENS, MAX_TOKENS, false);
        List<int[]> texts = List.of(new int[]{1, 2, 3}, new int[]{1, 2, 3}, new int[]{1, 2});
        fill(unshared, texts);
        check(unshared, texts, "unshared");
        assertThat(unshared.nodes()).isEqualTo(8);
        assertThat(unshared.distinct()).isEqualTo(3);
    }
}
