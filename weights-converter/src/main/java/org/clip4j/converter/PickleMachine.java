package org.clip4j.converter;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads pickles without executing anything: it makes tensors, dicts, lists, tuples, numbers, strings and nothing else.
 * Whatever a pickle names is looked up in {@link PickleGlobals}; any other name is refused. For one pickle and thread.
 *
 * <p>Source of the opcodes: CPython Lib/pickletools.py. None is {@link #NONE}; a tuple is a {@link Tuple}.
 */
final class PickleMachine {
    /** Python's None. */
    static final Object NONE = new Object() {
        @Override
        public String toString() {
            return "None";
        }
    };

    /** Bounds memory: the largest known checkpoint pickle makes some 50,000 objects. */
    private static final int MAX_OBJECTS = 1_000_000;
    /** Longest name of a global. */
    private static final int MAX_NAME_BYTES = 1_000;

    /** A Python tuple. */
    record Tuple(List<Object> items) {}

    /** State of an object that is not made: of a TorchScript module, its attributes. */
    record Module(Map<Object, Object> attributes) {}

    /** Resolves a persistent id, the way in which PyTorch names storages. */
    interface Storages {
        Object load(Tuple id) throws IOException;
    }

    private static final Object MARK = new Object();

    private final ByteBuffer in;
    private final String file;
    private final PickleGlobals globals;
    private final Storages storages;
    private final ArrayList<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();
    private int objects;

    /**
     * @param in the pickle from its position on; afterwards the position is behind it
     * @param storages what to do with persistent ids
     */
    PickleMachine(ByteBuffer in, String file, PickleGlobals globals, Storages storages) {
        this.in = in.order(ByteOrder.LITTLE_ENDIAN);
        this.file = file;
        this.globals = globals;
        this.storages = storages;
    }

    /** The value that the pickle stands for. */
    Object load() throws IOException {
        try {
            while (true) {
                int opcode = in.get() & 0xFF;
                if (opcode == '.') {
                    return pop();
                }
                if (!simple(opcode) && !number(opcode) && !text(opcode) && !container(opcode)) {
                    object(opcode);
                }
                if (stack.size() > MAX_OBJECTS || memo.size() > MAX_OBJECTS || objects > MAX_OBJECTS) {
                    throw broken("makes too many objects: max=" + MAX_OBJECTS);
                }
            }
        } catch (BufferUnderflowException e) {
            throw new CheckpointException("pickle ends in the middle: file=" + file, e);
        } catch (ArithmeticException e) {
            throw new CheckpointException("pickle holds a number out of range: file=" + file, e);
        }
    }

    private boolean simple(int opcode) throws CheckpointException {
        switch (opcode) {
            case 0x80 -> in.get(); // PROTO
            case 0x95 -> in.getLong(); // FRAME
            case '(' -> stack.add(MARK);
            case '0' -> pop();
            case '1' -> popToMark();
            case 'N' -> stack.add(NONE);
            case 0x88 -> stack.add(true);
            case 0x89 -> stack.add(false);
            case 'q' -> memo.put(in.get() & 0xFF, peek());
            case 'r' -> memo.put(in.getInt(), peek());
            case 0x94 -> memo.put(memo.size(), peek());
            case 'h' -> stack.add(remembered(in.get() & 0xFF));
            case 'j' -> stack.add(remembered(in.getInt()));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean number(int opcode) throws CheckpointException {
        switch (opcode) {
            case 'J' -> stack.add((long) in.getInt());
            case 'K' -> stack.add((long) (in.get() & 0xFF));
            case 'M' -> stack.add((long) (in.getShort() & 0xFFFF));
            case 'G' -> stack.add(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
            case 0x8a -> stack.add(bigInteger(bytes(in.get() & 0xFF)));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean text(int opcode) throws CheckpointException {
        switch (opcode) {
            case 'X', 'T' -> stack.add(string(in.getInt()));
            case 0x8c, 'U' -> stack.add(string(in.get() & 0xFF));
            case 'B' -> stack.add(ByteBuffer.wrap(bytes(in.getInt())));
            case 'C' -> stack.add(ByteBuffer.wrap(bytes(in.get() & 0xFF)));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean container(int opcode) throws CheckpointException {
        switch (opcode) {
            case ')' -> stack.add(new Tuple(List.of()));
            case 't' -> stack.add(new Tuple(popToMark()));
            case 0x85, 0x86, 0x87 -> stack.add(new Tuple(popMany(opcode - 0x84)));
            case ']' -> stack.add(counted(new ArrayList<>()));
            case 'l' -> stack.add(counted(popToMark()));
            case '}' -> stack.add(counted(new LinkedHashMap<>()));
            case 'a' -> {
                Object item = pop();
                list(peek()).add(item);
            }
            case 'e' -> {
                List<Object> items = popToMark();
                list(peek()).addAll(items);
            }
            case 's' -> {
                List<Object> pair = popMany(2);
                putAll(dict(peek()), pair);
            }
            case 'u' -> {
                List<Object> pairs = popToMark();
                putAll(dict(peek()), pairs);
            }
            case 'd' -> {
                List<Object> pairs = popToMark();
                stack.add(counted(new LinkedHashMap<>()));
                putAll(dict(peek()), pairs);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void object(int opcode) throws IOException {
        switch (opcode) {
            case 'c' -> stack.add(globals.find(line(), line(), file));
            case 0x93 -> {
                List<Object> names = popMany(2);
                if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
                    throw broken("names a global by something that is not a string");
                }
                stack.add(globals.find(module, name, file));
            }
            case 'R' -> {
                Tuple arguments = tuple(pop());
                stack.add(counted(globals.call(pop(), arguments, file)));
            }
            case 0x81 -> {
                tuple(pop());
                stack.add(counted(globals.make(pop(), file)));
            }
            case 'b' -> {
                Object state = pop();
                Object target = peek();
                if (target instanceof Module module) {
                    module.attributes.putAll(dict(state));
                } else if (!(target instanceof Map)) {
                    // The state of a dict is the _metadata attribute of an OrderedDict, which nobody needs.
                    throw broken("sets the state of something that has none");
                }
            }
            case 'Q' -> stack.add(storages.load(tuple(pop())));
            default -> throw broken("has an opcode that a state dict does not need: opcode=0x"
                    + Integer.toHexString(opcode) + " position=" + (in.position() - 1));
        }
    }

    private <T> T counted(T made) {
        objects++;
        return made;
    }

    private Object pop() throws CheckpointException {
        if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
            throw broken("takes more values than it made");
        }
        return stack.remove(stack.size() - 1);
    }

    private Object peek() throws CheckpointException {
        Object top = pop();
        stack.add(top);
        return top;
    }

    private List<Object> popMany(int count) throws CheckpointException {
        Object[] values = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            values[i] = pop();
        }
        return new ArrayList<>(List.of(values));
    }

    private List<Object> popToMark() throws CheckpointException {
        int mark = stack.lastIndexOf(MARK);
        if (mark < 0) {
            throw broken("closes what it did not open");
        }
        List<Object> tail = stack.subList(mark + 1, stack.size());
        List<Object> values = new ArrayList<>(tail);
        stack.subList(mark, stack.size()).clear();
        return values;
    }

    private Object remembered(int index) throws CheckpointException {
        Object value = memo.get(index);
        if (value == null) {
            throw broken("refers to a value that it did not store: index=" + index);
        }
        return value;
    }

    private void putAll(Map<Object, Object> dict, List<Object> pairs) throws CheckpointException {
        if (pairs.size() % 2 != 0) {
            throw broken("has a key without a value");
        }
        for (int i = 0; i < pairs.size(); i += 2) {
            Object key = pairs.get(i);
            // Only keys whose hash does not depend on what else the pickle does to them.
            if (!(key instanceof String) && !(key instanceof Long)) {
                throw broken("has a dict key that is neither a string nor a number: type="
                        + key.getClass().getSimpleName());
            }
            dict.put(key, pairs.get(i + 1));
        }
    }

    private byte[] bytes(int count) throws CheckpointException {
        if (count < 0 || count > in.remaining()) {
            throw broken("has a string that is longer than the file: sizeBytes=" + Integer.toUnsignedString(count)
                    + " remainingBytes=" + in.remaining());
        }
        byte[] bytes = new byte[count];
        in.get(bytes);
        return bytes;
    }

    private String string(int count) throws CheckpointException {
        return new String(bytes(count), StandardCharsets.UTF_8);
    }

    private String line() throws CheckpointException {
        StringBuilder line = new StringBuilder();
        for (int c = in.get(); c != '\n'; c = in.get()) {
            if (line.length() == MAX_NAME_BYTES) {
                throw broken("has a name that is too long: maxBytes=" + MAX_NAME_BYTES);
            }
            line.append((char) (c & 0xFF));
        }
        return line.toString();
    }

    private static Object bigInteger(byte[] littleEndian) {
        byte[] bigEndian = new byte[littleEndian.length + 1];
        for (int i = 0; i < littleEndian.length; i++) {
            bigEndian[littleEndian.length - i] = littleEndian[i];
        }
        bigEndian[0] = (byte) (littleEndian.length > 0 && littleEndian[littleEndian.length - 1] < 0 ? -1 : 0);
        BigInteger value = new BigInteger(bigEndian);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    @SuppressWarnings("unchecked") // lists and dicts are made by this class only
    private List<Object> list(Object value) throws CheckpointException {
        if (value instanceof List) {
            return (List<Object>) value;
        }
        throw broken("appends to something that is not a list");
    }

    @SuppressWarnings("unchecked") // lists and dicts are made by this class only
    private Map<Object, Object> dict(Object value) throws CheckpointException {
        if (value instanceof Map) {
            return (Map<Object, Object>) value;
        }
        throw broken("puts a key into something that is not a dict");
    }

    private Tuple tuple(Object value) throws CheckpointException {
        if (value instanceof Tuple tuple) {
            return tuple;
        }
        throw broken("has something else where a tuple belongs");
    }

    private CheckpointException broken(String what) {
        return new CheckpointException("pickle " + what + " file=" + file);
    }
}
