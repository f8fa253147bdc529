package org.clip4j.converter;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.TensorSpec;
import org.clip4j.weights.TensorTable;

/** How a checkpoint names its tensors. */
enum Layout {
    /** As openai/CLIP does; most open_clip models too. */
    OPENAI,
    /** open_clip with the text tower as a module of its own. */
    OPEN_CLIP_CUSTOM_TEXT,
    /** As huggingface/transformers does. */
    HUGGING_FACE;

    /** Buffers that have no effect on the result, by the end of their names. */
    private static final Set<String> IGNORED = Set.of("num_batches_tracked", "position_ids", "attn_mask");
    /** Integer buffers of OpenAI's archives that repeat what the shapes say. */
    private static final Set<String> OPENAI_SIZES = Set.of("input_resolution", "context_length", "vocab_size");

    static Layout of(Map<String, StoredTensor> tensors) {
        for (String name : tensors.keySet()) {
            if (name.startsWith("text_model.") || name.startsWith("vision_model.")) {
                return HUGGING_FACE;
            }
            if (name.startsWith("text.")) {
                return OPEN_CLIP_CUSTOM_TEXT;
            }
        }
        return OPENAI;
    }

    private static boolean isIgnored(String name) {
        return IGNORED.contains(name.substring(name.lastIndexOf('.') + 1)) || OPENAI_SIZES.contains(name);
    }

    /** Names of the tensors that a row of the table is made of. */
    List<String> names(TensorSpec spec) {
        return switch (this) {
            case OPENAI -> List.of(spec.name());
            case OPEN_CLIP_CUSTOM_TEXT -> List.of(spec.openClipCustomText());
            case HUGGING_FACE -> spec.huggingFace();
        };
    }

    /** The same tensors under OpenAI's names, whatever of them there is; for looking at shapes. */
    Map<String, StoredTensor> toOpenAi(Map<String, StoredTensor> tensors) {
        Map<String, StoredTensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> renamed
                .put(this == OPEN_CLIP_CUSTOM_TEXT && name.startsWith("text.") ? name.substring(5) : name, tensor));
        return renamed;
    }

    /**
     * Finds for every row of the table the tensors that it is made of, one below the other along the first axis.
     *
     * @throws CheckpointException when a tensor is missing, misshaped, not of floating point, or not in the table
     */
    Map<TensorSpec, List<StoredTensor>> map(ClipConfig config, Map<String, StoredTensor> tensors, String file)
            throws CheckpointException {
        Map<String, StoredTensor> left = new LinkedHashMap<>(tensors);
        Map<TensorSpec, List<StoredTensor>> mapped = new LinkedHashMap<>();
        for (TensorSpec spec : TensorTable.of(config)) {
            List<StoredTensor> parts = new ArrayList<>();
            List<String> names = names(spec);
            if (names.isEmpty()) {
                throw new CheckpointException("layout has no such tensor: name=" + spec.name() + " layout=" + this
                        + " file=" + file);
            }
            for (String name : names) {
                parts.add(checked(name, left.remove(name), spec, names.size(), file));
            }
            mapped.put(spec, parts);
        }
        for (Map.Entry<String, StoredTensor> extra : left.entrySet()) {
            if (!isIgnored(extra.getKey())) {
                throw new CheckpointException("checkpoint has a tensor that its configuration does not know: name="
                        + extra.getKey() + " actual=" + extra.getValue().shape() + " file=" + file);
            }
        }
        return mapped;
    }

    private StoredTensor checked(String name, StoredTensor tensor, TensorSpec spec, int parts, String file)
            throws CheckpointException {
        boolean transposed = this == HUGGING_FACE && spec.arrangement() == TensorSpec.Arrangement.TRANSPOSED;
        List<Integer> expected = new ArrayList<>(spec.shape());
        if (transposed) {
            Collections.reverse(expected);
        } else if (parts > 1) {
            expected.set(0, expected.get(0) / parts);
        }
        if (tensor == null) {
            throw new CheckpointException("checkpoint tensor is missing: name=" + name + " expected=" + expected
                    + " file=" + file);
        }
        // open_clip's nonscalar_logit_scale keeps one value as [1].
        boolean scalar = expected.isEmpty() && tensor.shape().equals(List.of(1));
        if (!scalar && !tensor.shape().equals(expected)) {
            throw new CheckpointException("checkpoint tensor has wrong shape: name=" + name + " expected=" + expected
                    + " actual=" + tensor.shape() + " file=" + file);
        }
        if (!tensor.dtype().isFloatingPoint()) {
            throw new CheckpointException("checkpoint tensor has wrong dtype: name=" + name
                    + " expected=[F32, F16, BF16, F64] actual=" + tensor.dtype() + " file=" + file);
        }
        return transposed ? tensor.transposed() : tensor;
    }
}
