package org.clip4j.benchmarks.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.clip4j.weights.SafetensorsHeader;

/**
 * An ONNX graph while it is being written: each operation returns the name of its result. Weights stay in the model
 * file; the graph refers to them as external data.
 *
 * <p>Source of the field numbers: onnx/onnx onnx/onnx.proto3.
 */
final class OnnxGraph {
    /** Where an operation of ONNX Runtime's own set is looked up. */
    static final String CONTRIB = "com.microsoft";

    // 9 and 20: the first versions with an operator for the exact GELU.
    private static final int IR_VERSION = 9;
    private static final int OPSET = 20;

    private static final int FLOAT = 1;
    private static final int INT8 = 3;
    private static final int INT64 = 7;
    private static final int EXTERNAL = 1;

    private final ProtoMessage graph = new ProtoMessage();
    private final String weightsFile;
    private final long weightsStart;
    private final Map<String, SafetensorsHeader.Entry> weights = new HashMap<>();
    private final Map<String, String> constants = new HashMap<>();
    private int nodes;

    /**
     * An empty graph.
     *
     * @param weightsFile name of the model file, which lies beside the graph
     * @param weightsStart position in that file where the tensors start
     */
    OnnxGraph(String weightsFile, long weightsStart, List<SafetensorsHeader.Entry> entries) {
        this.weightsFile = weightsFile;
        this.weightsStart = weightsStart;
        entries.forEach(entry -> weights.put(entry.name(), entry));
    }

    /** An attribute of a node. */
    record Attribute(ProtoMessage message) {
        static Attribute of(String name, long value) {
            return new Attribute(new ProtoMessage().string(1, name).integer(3, value).integer(20, 2));
        }

        static Attribute of(String name, float value) {
            return new Attribute(new ProtoMessage().string(1, name).real(2, value).integer(20, 1));
        }

        static Attribute of(String name, String value) {
            return new Attribute(new ProtoMessage().string(1, name).string(4, value).integer(20, 3));
        }

        static Attribute of(String name, List<Integer> values) {
            ProtoMessage message = new ProtoMessage().string(1, name);
            values.forEach(value -> message.integer(8, value));
            return new Attribute(message.integer(20, 7));
        }
    }

    /** Adds an operation with one result. */
    String node(String operator, List<String> inputs, Attribute... attributes) {
        return node("", operator, inputs, 1, attributes).get(0);
    }

    /** Adds an operation of ONNX Runtime's own set, with one result. */
    String contribNode(String operator, List<String> inputs, Attribute... attributes) {
        return node(CONTRIB, operator, inputs, 1, attributes).get(0);
    }

    /** Adds an operation with several results. */
    List<String> node(String domain, String operator, List<String> inputs, int results, Attribute... attributes) {
        String name = operator + "_" + nodes++;
        ProtoMessage node = new ProtoMessage();
        inputs.forEach(input -> node.string(1, input));
        List<String> outputs = IntStream.range(0, results).mapToObj(i -> name + "." + i).toList();
        outputs.forEach(output -> node.string(2, output));
        node.string(3, name).string(4, operator);
        for (Attribute attribute : attributes) {
            node.message(5, attribute.message());
        }
        graph.message(1, node.string(7, domain));
        return outputs;
    }

    /** A weight of the model file, by its name there. */
    String weight(String name) {
        SafetensorsHeader.Entry entry = weights.remove(name);
        if (entry == null) {
            return name; // declared before, or an error that the runtime reports by name
        }
        ProtoMessage tensor = new ProtoMessage();
        entry.shape().forEach(size -> tensor.integer(1, size));
        tensor.integer(2, FLOAT).string(8, name);
        tensor.message(13, pair("location", weightsFile));
        tensor.message(13, pair("offset", Long.toString(weightsStart + entry.begin())));
        tensor.message(13, pair("length", Long.toString(entry.sizeBytes())));
        graph.message(5, tensor.integer(14, EXTERNAL));
        return name;
    }

    /** Weights of 8 bits, [K,N]. */
    String int8Weight(String name, String file, Int8Weights.Layer layer) {
        ProtoMessage tensor = new ProtoMessage().integer(1, layer.in()).integer(1, layer.scales().capacity());
        tensor.integer(2, INT8).string(8, name);
        tensor.message(13, pair("location", file));
        tensor.message(13, pair("offset", Long.toString(layer.offset())));
        tensor.message(13, pair("length", Long.toString(layer.sizeBytes())));
        graph.message(5, tensor.integer(14, EXTERNAL));
        return name;
    }

    /** A constant vector. */
    String floats(String name, FloatBuffer values) {
        ByteBuffer raw = ByteBuffer.allocate(values.capacity() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values.duplicate().clear());
        return constant(name, FLOAT, new long[]{values.capacity()}, raw.array());
    }

    private static ProtoMessage pair(String key, String value) {
        return new ProtoMessage().string(1, key).string(2, value);
    }

    /** A constant vector of integers: a shape, a permutation. */
    String integers(long... values) {
        ByteBuffer raw = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            raw.putLong(value);
        }
        return constants.computeIfAbsent("i64" + Arrays.toString(values),
                name -> constant(name, INT64, new long[]{values.length}, raw.array()));
    }

    /** A constant integer without axes. */
    String scalarInteger(long value) {
        ByteBuffer raw = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
        return constants.computeIfAbsent("i64 " + value, name -> constant(name, INT64, new long[0], raw.array()));
    }

    /** A constant without axes. */
    String scalar(float value) {
        ByteBuffer raw = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value);
        return constants.computeIfAbsent("f32 " + value, name -> constant(name, FLOAT, new long[0], raw.array()));
    }

    private String constant(String name, int dataType, long[] dims, byte[] raw) {
        ProtoMessage tensor = new ProtoMessage();
        for (long size : dims) {
            tensor.integer(1, size);
        }
        graph.message(5, tensor.integer(2, dataType).string(8, name).bytes(9, raw));
        return name;
    }

    /** Declares an input of floats; sizes are numbers or names of variable sizes. */
    void floatInput(String name, Object... shape) {
        graph.message(11, value(name, FLOAT, shape));
    }

    /** Declares an input of 64-bit integers; sizes are numbers or names of variable sizes. */
    void integerInput(String name, Object... shape) {
        graph.message(11, value(name, INT64, shape));
    }

    /** Names a result, and declares it as the graph's output. */
    void floatOutput(String result, String name, Object... shape) {
        graph.message(1, new ProtoMessage().string(1, result).string(2, name).string(3, name).string(4, "Identity"));
        graph.message(12, value(name, FLOAT, shape));
    }

    private static ProtoMessage value(String name, int elementType, Object... shape) {
        ProtoMessage sizes = new ProtoMessage();
        for (Object size : shape) {
            sizes.message(1, size instanceof String variable
                    ? new ProtoMessage().string(2, variable)
                    : new ProtoMessage().integer(1, ((Number) size).longValue()));
        }
        ProtoMessage tensor = new ProtoMessage().integer(1, elementType).message(2, sizes);
        return new ProtoMessage().string(1, name).message(2, new ProtoMessage().message(1, tensor));
    }

    /** The whole model. */
    byte[] toModel(String name) {
        graph.string(2, name);
        return new ProtoMessage().integer(1, IR_VERSION).string(2, "clip4j-benchmarks").message(7, graph)
                .message(8, new ProtoMessage().string(1, "").integer(2, OPSET))
                .message(8, new ProtoMessage().string(1, CONTRIB).integer(2, 1)).toBytes();
    }
}
