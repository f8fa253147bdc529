package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.junit.jupiter.api.Test;

/** Operands that do not fit are refused with a message that says which and how. */
public interface ParameterContract extends BackendFixture {
    private static void refused(ThrowingCallable call, String... parts) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(parts);
    }

    @Test
    default void refusesMisshapedWeights() {
        try (Trial trial = trial(1)) {
            Backend backend = trial.backend;
            Arena arena = trial.arena;
            Tensor matrix = trial.normal(4, 6);
            Tensor vector = trial.normal(6);
            refused(() -> backend.linear(arena, vector, null, Activation.NONE), "wrong rank", "name=weight",
                    "expected=2", "actual=[6]");
            refused(() -> backend.linear(arena, trial.normal(2, 3, 4), null, Activation.NONE), "wrong rank");
            refused(() -> backend.linear(arena, matrix, vector, Activation.NONE), "wrong shape", "name=bias",
                    "expected=[4]", "actual=[6]");
            refused(() -> backend.linear(arena, matrix, trial.normal(1, 4), Activation.NONE), "name=bias");
            refused(() -> backend.linear(arena, arena.allocate(DType.I8, 4, 6), null, Activation.NONE),
                    "floating-point", "dtype=I8");
            refused(() -> backend.linear(arena, arena.allocate(DType.F32, 0, 6), null, Activation.NONE), "empty");
            refused(() -> backend.linear(arena, matrix.columns(0, 3), null, Activation.NONE), "view of some columns",
                    "rowStride=6");
            refused(() -> backend.layerNorm(arena, matrix, vector, 1e-5f), "wrong rank", "name=gain");
            refused(() -> backend.layerNorm(arena, vector, trial.normal(5), 1e-5f), "name=bias", "expected=[6]");
            refused(() -> backend.layerNorm(arena, vector, vector, -1f), "epsilon=-1.0");
            refused(() -> backend.layerNorm(arena, vector, vector, Float.NaN), "epsilon=NaN");
            refused(() -> backend.imageTokens(arena, trial.normal(5), matrix), "name=classEmbedding", "expected=[6]");
            refused(() -> backend.imageTokens(arena, vector, vector), "name=positions");
            refused(() -> backend.meanToken(arena, vector), "name=positions");
            refused(() -> backend.meanToken(arena, trial.normal(1, 6)), "too few rows");
            refused(() -> backend.tokenEmbedding(arena, matrix, trial.normal(3, 5)), "name=positions",
                    "expected=[3, 6]", "actual=[3, 5]");
            refused(() -> backend.tokenEmbedding(arena, vector, matrix), "name=table");
        }
    }

    @Test
    default void refusesMisshapedGeometry() {
        try (Trial trial = trial(1)) {
            Backend backend = trial.backend;
            ConvolutionShape shape = new ConvolutionShape(Layout.CHANNELS_LAST, 4, 4, 2, 3, 3, 1, 1);
            refused(() -> backend.convolution(trial.arena, shape, trial.normal(3, 2, 3, 2), null, Activation.NONE),
                    "name=weight", "expected=[3, 2, 3, 3]", "actual=[3, 2, 3, 2]");
            refused(() -> backend.convolution(trial.arena, shape, trial.normal(3, 2, 3, 3), trial.normal(2),
                    Activation.NONE), "name=bias", "expected=[3]");
            refused(() -> backend.averagePool(5, 4, 3, 2), "whole number of kernels", "height=5", "kernel=2");
            refused(() -> backend.averagePool(4, 4, 3, 0), "kernel=0");
            refused(() -> backend.attention(0, 8, false), "heads=0");
            refused(() -> backend.attention(1, 0, false), "headWidth=0");
            refused(() -> backend.rowGather(0), "width=0");
            refused(() -> backend.l2Normalize(-1), "width=-1");
        }
    }

    @Test
    default void refusesMatricesThatAreTooSmall() {
        try (Trial trial = trial(2)) {
            Backend backend = trial.backend;
            ExecutionContext context = trial.context;
            Tensor x = trial.normal(3, 6);
            Tensor out = trial.normal(3, 4);
            Linear linear = backend.linear(trial.arena, trial.normal(4, 6), null, Activation.NONE);
            refused(() -> linear.run(context, x, 4, trial.normal(4, 4)), "name=x", "expected=[4,6]", "actual=[3,6]");
            refused(() -> linear.run(context, x.columns(0, 5), 3, out), "name=x", "actual=[3,5]");
            refused(() -> linear.run(context, x, 3, trial.normal(2, 4)), "name=out", "expected=[3,4]");
            refused(() -> linear.runAdd(context, x, 3, trial.normal(3, 3)), "name=out");
            refused(() -> linear.run(context, x, -1, out), "expected=[-1,6]");
            LayerNorm layerNorm = backend.layerNorm(trial.arena, trial.normal(6), trial.normal(6), 1e-5f);
            refused(() -> layerNorm.run(context, x, 4, x), "name=x");
            refused(() -> layerNorm.run(context, x, 3, out), "name=out");
            refused(() -> backend.l2Normalize(7).run(context, x, 3, x), "name=x", "expected=[3,7]");
            refused(() -> backend.rowGather(6).run(context, x, new int[]{0}, 1, out), "name=out");
            refused(() -> backend.averagePool(2, 2, 6, 2).run(context, x, 1, out), "name=x", "expected=[4,6]");
            ConvolutionShape shape = new ConvolutionShape(Layout.CHANNELS_LAST, 2, 2, 3, 4, 1, 1, 0);
            Convolution convolution = backend.convolution(trial.arena, shape, trial.normal(4, 3, 1, 1), null,
                    Activation.NONE);
            refused(() -> convolution.run(context, x, 2, trial.normal(8, 4)), "name=x", "images=2", "actual=18");
            refused(() -> convolution.run(context, x, 1, out), "name=out", "expected=[4,4]");
            refused(() -> convolution.run(context, x.columns(0, 5), 1, trial.normal(4, 4)), "view of some columns");
            ImageTokens imageTokens = backend.imageTokens(trial.arena, trial.normal(6), trial.normal(3, 6));
            refused(() -> imageTokens.run(context, x, 2, trial.normal(6, 6)), "name=patches", "expected=[4,6]");
            refused(() -> imageTokens.run(context, x, 1, x.rows(0, 2)), "name=out");
            refused(() -> backend.meanToken(trial.arena, trial.normal(3, 6)).run(context, x, 1, out), "name=out");
        }
    }

    @Test
    default void refusesSegmentsAndTextsThatDoNotFit() {
        try (Trial trial = trial(2)) {
            Tensor qkv = trial.normal(5, 24);
            AttentionInput input = AttentionInput.packed(qkv);
            Attention attention = trial.backend.attention(1, 8, false);
            int[] all = {0, 5};
            refused(() -> AttentionInput.packed(trial.normal(5, 25)), "queries, keys and values");
            refused(() -> input.segments(new int[]{0, 6}, all, 1), "queryOffsets", "rows=5");
            refused(() -> input.segments(all, new int[]{0, 6}, 1), "keyOffsets");
            refused(() -> input.segments(all, all, 2), "segments=2");
            refused(() -> input.segments(new int[]{0, 3, 2}, new int[]{0, 3, 5}, 2), "descend", "segment=1");
            refused(() -> input.segments(all, new int[]{0, 4}, 1), "queries=5 keys=4");
            refused(() -> input.segments(all, all, new int[]{0, 1, 2, 3}, 1), "keyOffsets");
            refused(() -> input.segments(all, all, new int[]{0, 1, 2, 3, 5}, 1), "index=4 row=5 expected=4..4");
            refused(() -> input.segments(all, all, new int[]{-1, 1, 2, 3, 4}, 1), "index=0 row=-1");
            refused(() -> input.segments(all, all, new int[]{0, 1, 1, 2, 3}, 1), "ascend", "index=2");
            input.segments(all, all, 1);
            refused(() -> attention.run(trial.context, input, trial.normal(4, 8)), "name=out", "expected=[5,8]");
            refused(() -> trial.backend.attention(2, 8, false).run(trial.context, input, trial.normal(5, 16)),
                    "name=queries", "expected=[5,16]");

            TokenEmbedding embedding = trial.backend.tokenEmbedding(trial.arena, trial.normal(10, 8),
                    trial.normal(3, 8));
            Tensor out = trial.normal(4, 8);
            refused(() -> embedding.run(trial.context, new int[]{1, 10}, new int[2], 2, out), "index=1", "id=10",
                    "vocabulary=10");
            refused(() -> embedding.run(trial.context, new int[]{-1}, new int[1], 1, out), "id=-1");
            refused(() -> embedding.run(trial.context, new int[4], new int[]{0, 1, 2, 3}, 4, out), "index=3 place=3",
                    "contextLength=3");
            refused(() -> embedding.run(trial.context, new int[1], new int[]{-1}, 1, out), "place=-1");
            refused(() -> embedding.run(trial.context, new int[1], new int[2], 2, out), "tokens=2 ids=1");
            refused(() -> embedding.run(trial.context, new int[2], new int[1], 2, out), "tokens=2", "places=1");
            refused(() -> embedding.run(trial.context, new int[5], new int[5], 5, out), "name=out");
        }
    }
}
