package org.clip4j.model;

import java.util.Arrays;

/**
 * The texts of a batch as a trie. Under a causal mask the state of a token depends on nothing but the tokens up to it, so
 * texts that begin alike have the states of their beginning in common: a node is a token behind a certain beginning, and
 * a row of the transformer. Texts that are equal throughout are one.
 *
 * <p>Nodes are numbered as they come up. So the nodes that a text adds lie one after another, and its path, the nodes of
 * all its tokens, ascends: to attention a distinct text is a segment whose queries are the nodes that it adds, and whose
 * keys are its path.
 *
 * <p>Built anew for each batch in memory allocated once. Belongs to one session.
 */
final class TokenTrie {
    private static final int NONE = -1;

    private final boolean sharing;
    private final int maxPaths;
    private final int[] ids; // of each node
    private final int[] places; // of each node in its texts
    private final int[] firstChild; // of each node; the last one added comes first
    private final int[] nextSibling; // of each node
    private final int[] endOf; // of each node: the distinct text that ends there
    private final int[] queryOffsets; // [U+1] for U distinct texts
    private final int[] keyOffsets; // [U+1]
    private final int[] paths; // nodes of each distinct text, one text after another
    private final int[] lastNodes; // [U]
    private final int[] distinctOf; // of each text
    private int firstRoot;
    private int nodes;
    private int distinct;
    private int texts;
    private int tokens;

    /**
     * Allocates for a largest batch.
     *
     * @param maxPaths largest number of tokens of all distinct texts
     * @param sharing false makes each text a branch of its own, equal ones too
     */
    TokenTrie(int maxTexts, int maxNodes, int maxPaths, boolean sharing) {
        this.sharing = sharing;
        this.maxPaths = maxPaths;
        ids = new int[maxNodes];
        places = new int[maxNodes];
        firstChild = new int[maxNodes];
        nextSibling = new int[maxNodes];
        endOf = new int[maxNodes];
        // A place more for each text: texts that fill a batch up have a path of one node.
        paths = new int[maxPaths + maxTexts];
        queryOffsets = new int[maxTexts + 1];
        keyOffsets = new int[maxTexts + 1];
        lastNodes = new int[maxTexts];
        distinctOf = new int[maxTexts];
    }

    /** Forgets all texts. */
    void clear() {
        firstRoot = NONE;
        nodes = 0;
        distinct = 0;
        texts = 0;
        tokens = 0;
    }

    /**
     * Adds the text {@code newIds[from]} to {@code newIds[to - 1]}, one token at least.
     *
     * @return false, and nothing is added, when there is no room for it
     */
    boolean add(int[] newIds, int from, int to) {
        int path = keyOffsets[distinct];
        if (texts == distinctOf.length || path + to - from > maxPaths) {
            return false;
        }
        int node = NONE;
        int at = from;
        while (at < to) {
            int child = child(node, newIds[at]);
            if (child == NONE) {
                break;
            }
            node = child;
            paths[path++] = node;
            at++;
        }
        if (at == to && endOf[node] != NONE) {
            distinctOf[texts++] = endOf[node];
            tokens += to - from;
            return true;
        }
        if (nodes + to - at > ids.length) {
            return false;
        }
        for (; at < to; at++) {
            node = addNode(node, newIds[at], at - from);
            paths[path++] = node;
        }
        endOf[node] = distinct;
        lastNodes[distinct] = node;
        distinctOf[texts++] = distinct;
        distinct++;
        keyOffsets[distinct] = path;
        queryOffsets[distinct] = nodes;
        tokens += to - from;
        return true;
    }

    /**
     * Fills the arrays up for a batch that is computed in a larger shape: tokens that nobody looks at, and texts that add
     * no node and consist of the first. The counts stay as they are.
     *
     * @param paddedNodes at least {@link #nodes}, at most the largest number of them
     * @param paddedTexts at least {@link #distinct}, at most the largest number of texts
     */
    void pad(int paddedNodes, int paddedTexts) {
        Arrays.fill(ids, nodes, paddedNodes, 0);
        Arrays.fill(places, nodes, paddedNodes, 0);
        for (int text = distinct; text < paddedTexts; text++) {
            paths[keyOffsets[text]] = 0;
            keyOffsets[text + 1] = keyOffsets[text] + 1;
            queryOffsets[text + 1] = nodes;
            lastNodes[text] = 0;
        }
    }

    private int child(int parent, int id) {
        if (!sharing) {
            return NONE;
        }
        int child = parent == NONE ? firstRoot : firstChild[parent];
        while (child != NONE && ids[child] != id) {
            child = nextSibling[child];
        }
        return child;
    }

    private int addNode(int parent, int id, int place) {
        int node = nodes++;
        ids[node] = id;
        places[node] = place;
        firstChild[node] = NONE;
        endOf[node] = NONE;
        if (parent == NONE) {
            nextSibling[node] = firstRoot;
            firstRoot = node;
        } else {
            nextSibling[node] = firstChild[parent];
            firstChild[parent] = node;
        }
        return node;
    }

    /** Number of texts added. */
    int texts() {
        return texts;
    }

    /** Tokens of all texts added. */
    int tokens() {
        return tokens;
    }

    /** Number of nodes. */
    int nodes() {
        return nodes;
    }

    /** U, number of distinct texts. */
    int distinct() {
        return distinct;
    }

    /** Token id of each node. */
    int[] ids() {
        return ids;
    }

    /** Place of each node's token in its texts. */
    int[] places() {
        return places;
    }

    /** Nodes that distinct text u adds: {@code queryOffsets[u]} to {@code queryOffsets[u + 1]}. */
    int[] queryOffsets() {
        return queryOffsets;
    }

    /** Positions in {@link #paths} of distinct text u: {@code keyOffsets[u]} to {@code keyOffsets[u + 1]}. */
    int[] keyOffsets() {
        return keyOffsets;
    }

    /** Nodes of the tokens of each distinct text. */
    int[] paths() {
        return paths;
    }

    /** Node of the last token of each distinct text. */
    int[] lastNodes() {
        return lastNodes;
    }

    /** Number of the distinct text that each text is. */
    int[] distinctOf() {
        return distinctOf;
    }
}
