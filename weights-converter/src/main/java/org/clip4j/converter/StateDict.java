package org.clip4j.converter;

import java.util.LinkedHashMap;
import java.util.Map;
import org.clip4j.converter.PickleMachine.Module;

/** Finds the state dict in what a pickle stands for; optimizer states and whatever else lies beside it are left out. */
final class StateDict {
    /** Where training programs put it: open_clip and Lightning, OpenAI's fine-tuning scripts, many others. */
    private static final String[] NESTS = {"state_dict", "model", "model_state_dict"};
    /** Added by DistributedDataParallel and by torch.compile. */
    private static final String[] PREFIXES = {"module.", "_orig_mod."};
    private static final int MAX_DEPTH = 32;
    private static final int MAX_TENSORS = 100_000;
    private static final int MAX_ATTRIBUTES = 1_000_000;

    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final String file;
    private int attributes;

    private StateDict(String file) {
        this.file = file;
    }

    static Map<String, StoredTensor> find(Object root, String file) throws CheckpointException {
        StateDict dict = new StateDict(file);
        if (root instanceof Module module) {
            dict.flatten(module, "", 0);
        } else if (root instanceof Map<?, ?> map) {
            dict.collect(unnest(map));
        }
        if (dict.tensors.isEmpty()) {
            throw new CheckpointException("checkpoint holds no named tensors: file=" + file
                    + "; expected a state dict, at the top or under state_dict or model");
        }
        return withoutPrefixes(dict.tensors);
    }

    private static Map<?, ?> unnest(Map<?, ?> map) {
        for (String nest : NESTS) {
            if (map.get(nest) instanceof Map<?, ?> inner) {
                return inner;
            }
        }
        return map;
    }

    private void collect(Map<?, ?> map) throws CheckpointException {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (entry.getKey() instanceof String name && entry.getValue() instanceof StoredTensor tensor) {
                put(name, tensor);
            }
        }
    }

    private void flatten(Module module, String prefix, int depth) throws CheckpointException {
        if (depth > MAX_DEPTH) {
            throw new CheckpointException("TorchScript modules are nested too deeply: file=" + file + " max="
                    + MAX_DEPTH);
        }
        for (Map.Entry<?, ?> entry : module.attributes().entrySet()) {
            attributes++;
            if (attributes > MAX_ATTRIBUTES) {
                throw new CheckpointException("TorchScript archive has too many attributes: file=" + file + " max="
                        + MAX_ATTRIBUTES);
            }
            String name = prefix + entry.getKey();
            if (entry.getValue() instanceof StoredTensor tensor) {
                put(name, tensor);
            } else if (entry.getValue() instanceof Module child) {
                flatten(child, name + ".", depth + 1);
            }
        }
    }

    private void put(String name, StoredTensor tensor) throws CheckpointException {
        tensors.put(name, tensor);
        if (tensors.size() > MAX_TENSORS) {
            throw new CheckpointException("checkpoint has too many tensors: file=" + file + " max=" + MAX_TENSORS);
        }
    }

    static Map<String, StoredTensor> withoutPrefixes(Map<String, StoredTensor> tensors) {
        Map<String, StoredTensor> stripped = tensors;
        for (String prefix : PREFIXES) {
            if (stripped.keySet().stream().allMatch(name -> name.startsWith(prefix))) {
                Map<String, StoredTensor> shorter = new LinkedHashMap<>();
                stripped.forEach((name, tensor) -> shorter.put(name.substring(prefix.length()), tensor));
                stripped = shorter;
            }
        }
        return stripped;
    }
}
