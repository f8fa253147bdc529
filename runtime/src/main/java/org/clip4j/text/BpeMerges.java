package org.clip4j.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A vocabulary of byte-level BPE, in the form in which CLIP publishes it: a list of merges, from which the token ids
 * follow (256 bytes, 256 bytes that end a word, the merges in order, start and end token). Immutable and thread-safe.
 *
 * <p>
 * Source of format and ids: openai/CLIP clip/simple_tokenizer.py.
 */
public final class BpeMerges {
    /** 49152-256-2: how many merges of its file the reference uses. */
    public static final int CLIP_MERGES = 48_894;

    private static final int BYTE_TOKENS = 512;
    private static final int SPECIAL_TOKENS = 2;
    private static final byte[] END_OF_WORD = "</w>".getBytes(StandardCharsets.US_ASCII);
    /** Marks a rank that has to be looked up again. */
    private static final int STALE = -1;

    private final TokenTable tokens;
    private final int mergeCount;
    /** Bytes of each merge's first part. */
    private final short[] leftLengths;
    /** Ids of each merge's two parts by rank, -1 for a part that is no token. */
    private final int[] left;
    private final int[] right;
    /** The first id with the content that a merge makes: the merge's own, but for lists with duplicates. */
    private final int[] results;
    /** Open addressing over pairs: rank plus one, 0 is free. */
    private final int[] rankSlots;

    private BpeMerges(byte[] text, int maxMerges, boolean header, String source) {
        MergeLines lines = new MergeLines(text, maxMerges, header, source);
        int count = lines.count();
        if (count == 0) {
            throw new InvalidVocabularyException("vocabulary has no merges: source=" + source
                    + " bytes=" + text.length + "; expected a header line and then two tokens per line, as in"
                    + " bpe_simple_vocab_16e6.txt.gz");
        }
        int size = Math.addExact(count, BYTE_TOKENS + SPECIAL_TOKENS);
        tokens = new TokenTable(size, text.length + 4096);
        mergeCount = count;
        leftLengths = new short[count];
        left = new int[count];
        right = new int[count];
        results = new int[count];
        rankSlots = new int[Integer.highestOneBit(count) * 4];
        addByteTokens();
        for (int rank = 0; rank < count; rank++) {
            leftLengths[rank] = (short) lines.writeNext(tokens);
            tokens.finish();
        }
        addSpecial("<|startoftext|>");
        addSpecial("<|endoftext|>");
        indexPairs();
    }

    /**
     * Reads a merges file, gzip or plain, such as {@code bpe_simple_vocab_16e6.txt.gz} or the {@code merges.txt} of
     * Hugging Face folders. The first line is a header; of the rest the first {@value #CLIP_MERGES} lines count.
     *
     * @throws InvalidVocabularyException if the file's content is not such a list
     * @throws IOException if the file cannot be read
     */
    public static BpeMerges read(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new InvalidVocabularyException("vocabulary is a folder: source=" + file
                    + "; give the file, such as bpe_simple_vocab_16e6.txt.gz or merges.txt");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, file.toString());
        }
    }

    static BpeMerges read(InputStream file, String source) throws IOException {
        return new BpeMerges(MergeLines.readAll(file, CLIP_MERGES, source), CLIP_MERGES, true, source);
    }

    /**
     * Reads the merges of a model file: no header, all lines count. Takes the buffer from position to limit; both stay
     * as they are.
     *
     * @throws InvalidVocabularyException if the text is not two tokens in each line
     */
    public static BpeMerges parse(ByteBuffer text) {
        byte[] bytes = new byte[text.remaining()];
        text.duplicate().get(bytes);
        return new BpeMerges(bytes, Integer.MAX_VALUE, false, "memory");
    }

    /**
     * Takes merges as Hugging Face's {@code tokenizer.json} lists them in its older form: two tokens and a space between.
     *
     * @throws InvalidVocabularyException if a string is anything else
     */
    public static BpeMerges ofLines(List<String> merges) {
        ByteArrayOutputStream text = new ByteArrayOutputStream(merges.size() * 10 + 32);
        for (String merge : merges) {
            if (merge.indexOf('\n') >= 0) {
                throw new InvalidVocabularyException("merge contains a line break: rank=" + merges.indexOf(merge));
            }
            text.writeBytes(merge.getBytes(StandardCharsets.UTF_8));
            text.write('\n');
        }
        byte[] bytes = text.toByteArray();
        return new BpeMerges(bytes, Integer.MAX_VALUE, false, "merge list");
    }

    /**
     * Takes merges as Hugging Face's {@code tokenizer.json} lists them in its newer form: arrays of two tokens.
     *
     * @throws InvalidVocabularyException if an array has another length, or a token is empty or holds a space
     */
    public static BpeMerges ofPairs(List<? extends List<String>> merges) {
        List<String> lines = new ArrayList<>(merges.size());
        for (List<String> merge : merges) {
            if (merge.size() != 2) {
                throw new InvalidVocabularyException("merge is not a pair: rank=" + lines.size() + " expected=2 actual="
                        + merge.size() + " tokens");
            }
            lines.add(merge.get(0) + " " + merge.get(1));
        }
        return ofLines(lines);
    }

    /** The merges as {@link #parse} reads them. */
    public byte[] toText() {
        StringBuilder text = new StringBuilder(mergeCount * 10);
        byte[] token = new byte[64];
        for (int rank = 0; rank < mergeCount; rank++) {
            int id = BYTE_TOKENS + rank;
            if (token.length < tokens.length(id)) {
                token = new byte[tokens.length(id)];
            }
            int length = tokens.copy(id, token, 0);
            MergeLines.append(token, 0, leftLengths[rank], text);
            text.append(' ');
            MergeLines.append(token, leftLengths[rank], length, text);
            text.append('\n');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Number of token ids. */
    public int vocabSize() {
        return tokens.count();
    }

    /** Number of merges. */
    public int mergeCount() {
        return mergeCount;
    }

    int startToken() {
        return vocabSize() - 2;
    }

    int endToken() {
        return vocabSize() - 1;
    }

    /** Bytes of a token, {@code </w>} included. */
    int tokenLength(int id) {
        return tokens.length(id);
    }

    int copyToken(int id, byte[] target, int at) {
        return tokens.copy(id, target, at);
    }

    /**
     * Appends the ids of the buffer's word. As long as a pair of neighbours is in the list, the one of the lowest rank is
     * merged wherever it occurs, from left to right.
     */
    void appendWord(TokenBuffer buffer) {
        int count = buffer.wordLength();
        int[] symbols = buffer.symbols();
        int[] ranks = buffer.ranks();
        byte[] word = buffer.word();
        for (int i = 0; i < count; i++) {
            symbols[i] = ByteAlphabet.idOf(word[i] & 0xFF);
        }
        symbols[count - 1] += BYTE_TOKENS / 2;
        int lowest = Integer.MAX_VALUE;
        for (int i = 0; i < count - 1; i++) {
            ranks[i] = rank(symbols[i], symbols[i + 1]);
            lowest = Math.min(lowest, ranks[i]);
        }
        while (lowest != Integer.MAX_VALUE) {
            count = merge(lowest, symbols, ranks, count);
            lowest = Integer.MAX_VALUE;
            for (int i = 0; i < count - 1; i++) {
                lowest = Math.min(lowest, ranks[i]);
            }
        }
        for (int i = 0; i < count; i++) {
            buffer.add(tokens.output(symbols[i]));
        }
    }

    /** Merges every occurrence of one pair; {@code ranks[i]} is that of symbols i and i + 1. Returns the new length. */
    private int merge(int rank, int[] symbols, int[] ranks, int count) {
        int merged = results[rank];
        int kept = 0;
        for (int i = 0; i < count; i++) {
            boolean hit = i < count - 1 && ranks[i] == rank;
            symbols[kept] = hit ? merged : symbols[i];
            if (hit) {
                i++;
            }
            // A rank behind the last symbol is never looked at.
            ranks[kept] = hit ? STALE : ranks[i];
            if (hit && kept > 0) {
                ranks[kept - 1] = STALE;
            }
            kept++;
        }
        for (int i = 0; i < kept - 1; i++) {
            if (ranks[i] == STALE) {
                ranks[i] = rank(symbols[i], symbols[i + 1]);
            }
        }
        return kept;
    }

    /** Rank of a pair of ids, or {@link Integer#MAX_VALUE}. */
    private int rank(int first, int second) {
        int entry = rankSlots[slotOf(first, second)];
        return entry == 0 ? Integer.MAX_VALUE : entry - 1;
    }

    /** The slot that holds a pair, or the free one where it would go. */
    private int slotOf(int first, int second) {
        int slot = TokenTable.mix(first * 0x9E3779B1 + second) & rankSlots.length - 1;
        while (rankSlots[slot] != 0) {
            int rank = rankSlots[slot] - 1;
            if (left[rank] == first && right[rank] == second) {
                break;
            }
            slot = slot + 1 & rankSlots.length - 1;
        }
        return slot;
    }

    private void addByteTokens() {
        for (int id = 0; id < BYTE_TOKENS; id++) {
            tokens.write(ByteAlphabet.byteOf(id & 0xFF));
            if (id >= BYTE_TOKENS / 2) {
                for (byte b : END_OF_WORD) {
                    tokens.write(b);
                }
            }
            tokens.finish();
        }
    }

    private void addSpecial(String name) {
        for (int i = 0; i < name.length(); i++) {
            tokens.write(name.charAt(i));
        }
        tokens.finish();
    }

    /** Parts are looked up once all tokens are known: a list may use a token before it makes it. */
    private void indexPairs() {
        for (int rank = 0; rank < mergeCount; rank++) {
            int id = BYTE_TOKENS + rank;
            left[rank] = tokens.findPart(id, 0, leftLengths[rank]);
            right[rank] = tokens.findPart(id, leftLengths[rank], tokens.length(id));
            results[rank] = tokens.findPart(id, 0, tokens.length(id));
            if (left[rank] >= 0 && right[rank] >= 0) {
                // A pair that is listed twice has its later rank, as in the reference's dictionary.
                rankSlots[slotOf(left[rank], right[rank])] = rank + 1;
            }
        }
    }
}
