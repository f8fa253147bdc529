package org.clip4j.kernels;

/**
 * Runs the operations that CLIP needs on one kind of hardware, in one precision, with a fixed number of threads.
 *
 * <p>Prepare, then run. The methods here check shapes, convert and pack weights into an arena, and return an operation
 * that is immutable and shared by any number of sessions. Running one takes the session's {@link ExecutionContext} and
 * tensors of the session's workspace and allocates nothing. Operations see tensors as matrices: a batch of B sequences
 * of T tokens is [B*T, D], a batch of images in channels-last layout is [B*H*W, C].
 *
 * <p>Inputs and outputs may be {@linkplain Tensor#columns(int, int) column views}, except where they are images. Wrong
 * shapes, here or in a call, are an {@link IllegalArgumentException}.
 *
 * <p>Weights passed in may be used in place, so they must stay valid as long as the operation is used. Thread-safe.
 */
public interface Backend extends AutoCloseable {
    /** Short name, as given to {@code --backend}. */
    String name();

    /** What the sums are computed in. */
    Precision precision();

    /** Threads that one call runs on, the caller's own included. */
    int threads();

    /**
     * The processors that its threads are bound to, the first one left to the caller's; empty when they are bound to none.
     * The caller's own thread is bound by {@link PinnedThread}.
     */
    default int[] pinnedProcessors() {
        return new int[0];
    }

    /** One line for people: library, version, instruction set. */
    String description();

    /**
     * Type of what lies between the operations of a layer: normalised rows, queries, keys and values, hidden rows, feature
     * maps. The residual stream is F32 whatever this is.
     */
    default DType activationType() {
        return DType.F32;
    }

    /** Memory that this backend's operations accept. */
    Arena newArena();

    /** The state of one session; closed by the session. */
    ExecutionContext newContext();

    /**
     * A linear layer.
     *
     * @param arena receives packed weights
     * @param weight [N, K] of any floating-point type
     * @param bias [N], or null
     */
    Linear linear(Arena arena, Tensor weight, Tensor bias, Activation activation);

    /**
     * How layers are laid out, as words that fit into a file's name: backends that answer the same take each other's
     * {@link Linear#packed} weights. Null when there is nothing to be kept between runs.
     */
    default String packing() {
        return null;
    }

    /**
     * A linear layer whose weights were packed before.
     *
     * @param arena receives what else the layer needs
     * @param packed what {@link Linear#packed} of a backend of the same {@link #packing} gave, with the activation that it
     *     had there; stays where it is
     * @throws IllegalArgumentException when the tensors have not the sizes that they would have here
     */
    default Linear linear(Arena arena, PackedWeights packed, Activation activation) {
        throw new UnsupportedOperationException("the backend packs nothing: " + name());
    }

    /** A convolution whose weights were packed before; the rest is as in {@link #linear(Arena, PackedWeights, Activation)}. */
    default Convolution convolution(Arena arena, ConvolutionShape shape, PackedWeights packed, Activation activation) {
        throw new UnsupportedOperationException("the backend packs nothing: " + name());
    }

    /**
     * A layer norm over rows.
     *
     * @param gain [D]
     * @param bias [D]
     */
    LayerNorm layerNorm(Arena arena, Tensor gain, Tensor bias, float epsilon);

    /**
     * The end of a residual branch: a sum and a layer norm that a backend may do in one pass.
     *
     * @param linear of this backend, without activation
     * @param norm of this backend
     */
    default ResidualNorm residualNorm(Linear linear, LayerNorm norm) {
        return (context, in, rows, x, normed) -> {
            linear.runAdd(context, in, rows, x);
            norm.run(context, x, rows, normed);
        };
    }

    /**
     * Scaled dot-product attention; with {@code causal} the last query of a segment sees all of its keys, and each query
     * before it one key less: queries are the newest of the keys.
     */
    Attention attention(int heads, int headWidth, boolean causal);

    /**
     * A convolution of square kernels, as a product of gathered patches and weights.
     *
     * @param weight [outChannels, inChannels, kernel, kernel]
     * @param bias [outChannels], or null
     */
    Convolution convolution(Arena arena, ConvolutionShape shape, Tensor weight, Tensor bias, Activation activation);

    /** Average pooling with stride = kernel over channels-last images; height and width are multiples of it. */
    AveragePool averagePool(int height, int width, int channels, int kernel);

    /**
     * Turns the patches of images into token sequences: class token first, then positions added to all.
     *
     * @param classEmbedding [D]
     * @param positions [1 + patches, D]
     */
    ImageTokens imageTokens(Arena arena, Tensor classEmbedding, Tensor positions);

    /**
     * Puts the mean of an image's rows in front of them, then adds positions to all.
     *
     * @param positions [1 + pixels, C]
     */
    MeanToken meanToken(Arena arena, Tensor positions);

    /**
     * Looks up token ids and adds positions.
     *
     * @param table [V, D]
     * @param positions [contextLength, D]
     */
    TokenEmbedding tokenEmbedding(Arena arena, Tensor table, Tensor positions);

    /** Copies chosen rows of D columns. */
    RowGather rowGather(int width);

    /** Divides each row of E columns by its L2 norm; a row of zeros stays zero. */
    L2Normalize l2Normalize(int width);

    /**
     * Rows to search in, zeros at first.
     *
     * @param arena receives them
     * @param width E, columns of a row
     * @param capacityRows at most 2^30
     * @param stored the type that they are stored in: F32, F16 or BF16
     */
    NearestRows nearestRows(Arena arena, int width, int capacityRows, DType stored);

    /**
     * Rows to search in that lie in the host's memory already, such as a mapped file: left there by backends that reach it,
     * copied to the arena by others. All are read once. They cannot be {@linkplain NearestRows#set set}.
     *
     * @param rows F32, F16 or BF16
     */
    NearestRows nearestRows(Arena arena, RowBlocks rows);

    /**
     * The same as {@link #nearestRows(Arena, int, int, DType)} with another way to search: the rows are kept in 8 bits, too,
     * and these are passed by queries. They tell how far a score can be above, so that every row that may be among the
     * nearest is scored as it is stored, and results are the same to the last bit. Takes a quarter of the reading of F32, and
     * E + 8 bytes of the arena more for each row.
     *
     * @throws BackendException when the backend has no such search
     */
    default NearestRows codedNearestRows(Arena arena, int width, int capacityRows, DType stored) {
        throw noCodes();
    }

    /**
     * The same as {@link #nearestRows(Arena, RowBlocks)}, searched through copies in 8 bits. Those lie in the arena, while of
     * the rows only few are read in a search, so that these may lie on a disk.
     *
     * @throws BackendException when the backend has no such search
     */
    default NearestRows codedNearestRows(Arena arena, RowBlocks rows) {
        return codedNearestRows(rows, rowCodes(arena, rows));
    }

    /**
     * The same with codes that have been made before; neither they nor the rows are read until the first search.
     *
     * @param codes in the host's memory, made of these rows: with others, near rows are missed
     * @throws BackendException when the backend has no such search
     */
    default NearestRows codedNearestRows(RowBlocks rows, RowCodes codes) {
        throw noCodes();
    }

    /**
     * Copies of rows in 8 bits; all rows are read once.
     *
     * @param arena receives the copies, E + 8 bytes for each row
     * @param rows F32, F16 or BF16, in the host's memory
     * @throws BackendException when the backend has no search by codes
     */
    default RowCodes rowCodes(Arena arena, RowBlocks rows) {
        throw noCodes();
    }

    private BackendException noCodes() {
        return new BackendException(
                "backend '" + name() + "' cannot search rows in 8 bits; choose a backend of the CPU, or"
                        + " search them as they are stored",
                null);
    }

    /** Ends the threads and frees what the backend itself holds; every context and arena must be closed before. */
    @Override
    void close();
}
