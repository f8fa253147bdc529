package org.clip4j.converter;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clip4j.converter.PickleMachine.Tuple;
import org.clip4j.kernels.DType;

/**
 * The names that a pickle may use, and what is done instead of calling them. Source: torch/_utils.py,
 * torch/storage.py, torch/jit/_pickle.py.
 */
final class PickleGlobals {
    private static final Map<String, DType> STORAGES = Map.of("torch.FloatStorage", DType.F32, "torch.HalfStorage",
            DType.F16, "torch.BFloat16Storage", DType.BF16, "torch.DoubleStorage", DType.F64, "torch.LongStorage",
            DType.I64, "torch.IntStorage", DType.I32, "torch.ShortStorage", DType.I16, "torch.CharStorage", DType.I8,
            "torch.ByteStorage", DType.U8, "torch.BoolStorage", DType.BOOL);
    private static final Set<String> FUNCTIONS = Set.of("collections.OrderedDict", "torch._utils._rebuild_tensor",
            "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "torch.Size", "torch.device",
            "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_tensorlist",
            "torch.jit._pickle.build_doublelist", "torch.jit._pickle.build_boollist",
            "torch.jit._pickle.restore_type_tag");
    /** Values, not functions: element types in optimizer states and the like. */
    private static final Set<String> VALUES = Set.of("torch.float32", "torch.float16", "torch.bfloat16",
            "torch.float64", "torch.int64", "torch.int32", "torch.int16", "torch.int8", "torch.uint8", "torch.bool");

    private final boolean scriptModules;

    /**
     * @param scriptModules whether the classes of TorchScript ({@code __torch__...}) may be named; their objects become
     *     plain maps of attributes
     */
    PickleGlobals(boolean scriptModules) {
        this.scriptModules = scriptModules;
    }

    /** An allowed name. */
    record Name(String text) {}

    Object find(String module, String name, String file) throws CheckpointException {
        String full = module + "." + name;
        boolean script = scriptModules && (full.startsWith("__torch__.") || full.equals("__torch__"));
        if (script || STORAGES.containsKey(full) || FUNCTIONS.contains(full) || VALUES.contains(full)) {
            return new Name(full);
        }
        throw new CheckpointException("pickle names something that is not tensor data, and nothing of it was executed:"
                + " global=" + full + " file=" + file + "; save model.state_dict() instead of the whole object");
    }

    /** The element type of a storage class. */
    static DType dtype(Object global) {
        return global instanceof Name name ? STORAGES.get(name.text) : null;
    }

    Object call(Object function, Tuple arguments, String file) throws CheckpointException {
        String name = function instanceof Name found ? found.text : function.getClass().getSimpleName();
        List<Object> items = arguments.items();
        return switch (name) {
            case "collections.OrderedDict" -> orderedDict(items, file);
            case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" -> tensor(items, file);
            case "torch._utils._rebuild_parameter" -> {
                if (items.isEmpty() || !(items.get(0) instanceof StoredTensor)) {
                    throw broken("makes a parameter of something else than a tensor", file);
                }
                yield items.get(0);
            }
            case "torch.device" -> name;
            default -> {
                if (!FUNCTIONS.contains(name) || items.isEmpty()) {
                    throw broken("calls something that cannot be called: name=" + name, file);
                }
                // torch.Size and the typed lists of TorchScript: their first argument is what they stand for.
                yield items.get(0);
            }
        };
    }

    /** An object without its code: a map that will hold its attributes. */
    Object make(Object type, String file) throws CheckpointException {
        if (type instanceof Name script && script.text.startsWith("__torch__")) {
            return new PickleMachine.Module(new LinkedHashMap<>());
        }
        throw broken("makes an object of a class that is not tensor data: class="
                + (type instanceof Name name ? name.text : type.getClass().getSimpleName()), file);
    }

    private static Object orderedDict(List<Object> items, String file) throws CheckpointException {
        Map<Object, Object> dict = new LinkedHashMap<>();
        if (items.isEmpty()) {
            return dict;
        }
        if (!(items.get(0) instanceof List<?> pairs)) {
            throw broken("makes an OrderedDict of something else than a list", file);
        }
        for (Object pair : pairs) {
            List<?> both = pair instanceof Tuple tuple
                    ? tuple.items()
                    : pair instanceof List<?> list ? list : List.of();
            if (both.size() != 2 || !(both.get(0) instanceof String)) {
                throw broken("makes an OrderedDict of something else than pairs", file);
            }
            dict.put(both.get(0), both.get(1));
        }
        return dict;
    }

    private static StoredTensor tensor(List<Object> items, String file) throws CheckpointException {
        if (items.size() < 4 || !(items.get(0) instanceof Storage storage) || !(items.get(1) instanceof Long offset)) {
            throw broken("makes a tensor without storage, offset, shape and strides", file);
        }
        return StoredTensor.of(storage, offset, longs(items.get(2), file), longs(items.get(3), file));
    }

    private static List<Long> longs(Object value, String file) throws CheckpointException {
        List<?> items = value instanceof Tuple tuple ? tuple.items() : value instanceof List<?> list ? list : null;
        List<Long> numbers = new ArrayList<>();
        for (Object item : items == null ? List.of(value) : items) {
            if (!(item instanceof Long number) || numbers.size() > 8) {
                throw broken("has a shape or strides that are not a few whole numbers", file);
            }
            numbers.add(number);
        }
        return numbers;
    }

    private static CheckpointException broken(String what, String file) {
        return new CheckpointException("pickle " + what + " file=" + file);
    }
}
