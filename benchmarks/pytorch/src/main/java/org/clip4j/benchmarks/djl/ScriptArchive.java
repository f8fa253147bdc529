package org.clip4j.benchmarks.djl;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.Tensor;

/**
 * A TorchScript file: source text of one class without attributes, and the constants that it names, as
 * {@code torch.jit.freeze} leaves a module. One thread at a time.
 *
 * <p>Source: PyTorch 2.7 torch/csrc/jit/docs/serialization.md; torch/csrc/jit/serialization/pickler.cpp.
 */
final class ScriptArchive implements AutoCloseable {
    /** The class in the source. */
    static final String CLASS_NAME = "Tower";

    // caffe2/serialize/versions.h, kProducedFileFormatVersion: operators as they are in PyTorch 2.7
    private static final String FORMAT_VERSION = "10\n";
    /** All entries lie in one folder of any name. */
    private static final String FOLDER = "tower/";

    private final ZipOutputStream zip;
    private final DType dtype;
    private final ByteArrayOutputStream constants = new ByteArrayOutputStream();
    private int count;

    /**
     * Begins a file.
     *
     * @param dtype of the constants: F32 or BF16
     */
    ScriptArchive(Path file, DType dtype) throws IOException {
        this.dtype = dtype;
        zip = new ZipOutputStream(Files.newOutputStream(file));
        pickleStart(constants);
        constants.write('('); // MARK: a tuple begins
    }

    /**
     * Adds a constant.
     *
     * @param values f32, rounded to the archive's type
     * @param shape that it shall have
     * @return what the source calls it
     */
    String constant(Tensor values, int... shape) throws IOException {
        String key = Integer.toString(count++);
        stored("constants/" + key, bytes(values));
        global(constants, "torch._utils", "_rebuild_tensor_v2");
        constants.write('(');
        constants.write('(');
        string(constants, "storage");
        global(constants, "torch", dtype == DType.BF16 ? "BFloat16Storage" : "FloatStorage");
        string(constants, key);
        string(constants, "cpu");
        integer(constants, values.elements());
        constants.write('t'); // TUPLE
        constants.write('Q'); // BINPERSID: the storage
        integer(constants, 0); // offset
        integers(constants, shape);
        integers(constants, strides(shape));
        constants.write(0x89); // NEWFALSE: wants no gradient
        global(constants, "collections", "OrderedDict");
        constants.write(')'); // EMPTY_TUPLE
        constants.write('R'); // REDUCE: no hooks
        constants.write('t');
        constants.write('R'); // REDUCE: the tensor
        return "CONSTANTS.c" + key;
    }

    private static int[] strides(int... shape) {
        int[] strides = new int[shape.length];
        int stride = 1;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        return strides;
    }

    private byte[] bytes(Tensor values) {
        float[] floats = new float[values.elements()];
        values.floats().get(0, floats);
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(floats.length, dtype.sizeBytes()))
                .order(ByteOrder.LITTLE_ENDIAN);
        if (dtype == DType.BF16) {
            for (float value : floats) {
                bytes.putShort(HalfPrecision.f32ToBf16(value));
            }
        } else {
            bytes.asFloatBuffer().put(floats);
        }
        return bytes.array();
    }

    /**
     * Ends the file.
     *
     * @param forward method {@code forward} of the class, indented by two
     */
    void finish(String forward) throws IOException {
        constants.write('t');
        constants.write('.'); // STOP
        stored("constants.pkl", constants.toByteArray());
        stored("code/__torch__.py", ("class " + CLASS_NAME + "(Module):\n  __parameters__ = []\n  __buffers__ = []\n"
                + "  training : bool\n" + forward).getBytes(StandardCharsets.UTF_8));
        stored("data.pkl", instance());
        stored("byteorder", "little".getBytes(StandardCharsets.UTF_8));
        stored("version", FORMAT_VERSION.getBytes(StandardCharsets.UTF_8));
    }

    /** An object of the class, in inference mode. */
    private static byte[] instance() {
        ByteArrayOutputStream pickle = new ByteArrayOutputStream();
        pickleStart(pickle);
        global(pickle, "__torch__", CLASS_NAME);
        pickle.write(')');
        pickle.write(0x81); // NEWOBJ
        pickle.write('}'); // EMPTY_DICT
        pickle.write('(');
        string(pickle, "training");
        pickle.write(0x89);
        pickle.write('u'); // SETITEMS
        pickle.write('b'); // BUILD
        pickle.write('.');
        return pickle.toByteArray();
    }

    /** Not deflated, since readers map it. */
    private void stored(String name, byte[] bytes) throws IOException {
        CRC32 checksum = new CRC32();
        checksum.update(bytes);
        ZipEntry entry = new ZipEntry(FOLDER + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        entry.setCrc(checksum.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }

    private static void pickleStart(ByteArrayOutputStream pickle) {
        pickle.write(0x80); // PROTO
        pickle.write(2);
    }

    private static void global(ByteArrayOutputStream pickle, String module, String name) {
        text(pickle, "c" + module + "\n" + name + "\n");
    }

    private static void string(ByteArrayOutputStream pickle, String value) {
        pickle.write('X'); // BINUNICODE
        int32(pickle, value.length());
        text(pickle, value);
    }

    private static void integers(ByteArrayOutputStream pickle, int... values) {
        pickle.write('(');
        for (int value : values) {
            integer(pickle, value);
        }
        pickle.write('t');
    }

    private static void integer(ByteArrayOutputStream pickle, int value) {
        pickle.write('J'); // BININT
        int32(pickle, value);
    }

    private static void int32(ByteArrayOutputStream pickle, int value) {
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            pickle.write(value >>> shift);
        }
    }

    private static void text(ByteArrayOutputStream pickle, String ascii) {
        try {
            pickle.write(ascii.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot be written", e);
        }
    }

    /** Closes the file. */
    @Override
    public void close() throws IOException {
        zip.close();
    }
}
