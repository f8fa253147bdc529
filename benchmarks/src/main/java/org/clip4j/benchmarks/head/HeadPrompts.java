package org.clip4j.benchmarks.head;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.clip4j.clip.ZeroShotClassifier;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.training.evaluation.Templates;

/**
 * The prompts of a zero-shot head as tokens: made-up classes written into the 80 templates for ImageNet, all classes
 * into the first template, then into the next, as {@link ZeroShotClassifier} does. Immutable.
 */
final class HeadPrompts {
    private static final int CONTEXT_LENGTH = 77;
    private static final String WORDS = "/org/clip4j/benchmarks/class-words.txt";

    private final List<int[]> prompts;

    private HeadPrompts(List<int[]> prompts) {
        this.prompts = prompts;
    }

    /** Tokenized with the real vocabulary. */
    static HeadPrompts of(int classes, Path vocabulary) {
        ClipTokenizer tokenizer;
        try {
            tokenizer = ClipTokenizer.of(BpeMerges.read(vocabulary), CONTEXT_LENGTH);
        } catch (IOException e) {
            throw new UncheckedIOException("vocabulary cannot be read: file=" + vocabulary, e);
        }
        List<String> names = names(classes);
        List<int[]> prompts = new ArrayList<>();
        for (String template : Templates.named("imagenet80").orElseThrow()) {
            for (String name : names) {
                prompts.add(tokenizer.encode(template.replace(ZeroShotClassifier.PLACEHOLDER, name)));
            }
        }
        return new HeadPrompts(prompts);
    }

    /** Names of one and two words, 2 to 3 as in ImageNet; few have their first word in common. */
    static List<String> names(int count) {
        List<String> nouns = words("noun ");
        List<String> before = words("before ");
        Set<String> names = new LinkedHashSet<>();
        for (int i = 0; names.size() < count; i++) {
            if (i >= nouns.size() * before.size()) {
                throw new IllegalArgumentException("there are not as many names: classes=" + count);
            }
            // 7 and 11 have no divisor in common with the numbers of words.
            String second = nouns.get(i * 11 % nouns.size());
            boolean single = i % 5 < 2 && names.add(nouns.get(i * 2 / 5 % nouns.size()));
            if (!single) {
                names.add(before.get(i * 7 % before.size()) + " " + second);
            }
        }
        return List.copyOf(names);
    }

    private static List<String> words(String kind) {
        try (InputStream in = HeadPrompts.class.getResourceAsStream(WORDS)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> line.startsWith(kind))
                    .flatMap(line -> Arrays.stream(line.substring(kind.length()).split(" "))).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("the jar is damaged: resource=" + WORDS, e);
        }
    }

    int size() {
        return prompts.size();
    }

    /** Tokens of a prompt, not a copy. */
    int[] prompt(int number) {
        return prompts.get(number);
    }

    /** Tokens of all prompts. */
    long tokens() {
        return prompts.stream().mapToLong(prompt -> prompt.length).sum();
    }

    /** Nodes of one trie of all prompts: beginnings that occur, each counted once. */
    long trieNodes() {
        List<int[]> sorted = new ArrayList<>(prompts);
        sorted.sort(Arrays::compare);
        long nodes = 0;
        int[] previous = {};
        for (int[] prompt : sorted) {
            int different = Arrays.mismatch(previous, prompt);
            nodes += different < 0 ? 0 : prompt.length - different;
            previous = prompt;
        }
        return nodes;
    }
}
