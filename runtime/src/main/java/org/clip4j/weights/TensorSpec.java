package org.clip4j.weights;

import java.util.List;

/**
 * One row of the {@link TensorTable}.
 *
 * @param name in OpenAI's state_dict and in the model file
 * @param shape sizes of the axes, outermost first; empty for a scalar
 * @param huggingFace names of the tensors it is made of in the Hugging Face layout; empty where that layout has none
 * @param arrangement how those tensors become this one
 * @param openClipCustomText name in open_clip checkpoints whose text tower is a module of its own ({@code text.}
 * prefix)
 */
public record TensorSpec(String name, List<Integer> shape, List<String> huggingFace, Arrangement arrangement,
        String openClipCustomText) {
    /** What happens to the tensors of the Hugging Face layout. */
    public enum Arrangement {
        /** One tensor of the same shape. */
        AS_IS,
        /** One tensor of two axes, swapped: a projection stored as [out, in] becomes [in, out]. */
        TRANSPOSED,
        /** Several tensors, one below the other along the first axis: q, k, v become in_proj. */
        STACKED
    }

    /** Takes copies of the lists. */
    public TensorSpec {
        shape = List.copyOf(shape);
        huggingFace = List.copyOf(huggingFace);
    }

    /** Number of elements. */
    public long elements() {
        long product = 1;
        for (int size : shape) {
            product = Math.multiplyExact(product, (long) size);
        }
        return product;
    }
}
