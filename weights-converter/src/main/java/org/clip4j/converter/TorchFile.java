package org.clip4j.converter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.converter.PickleMachine.Tuple;
import org.clip4j.kernels.DType;

/**
 * Files of {@code torch.save} and {@code torch.jit.save}: a zip archive with a pickle and one entry per storage, or,
 * before PyTorch 1.6, five pickles and the storages one after the other. Source: torch/serialization.py.
 */
final class TorchFile {
    private static final int MAX_PICKLE_BYTES = 32 << 20;
    /** torch/serialization.py: MAGIC_NUMBER = 0x1950a86a20f9469cfc6c, as the little-endian operand of LONG1. */
    private static final byte[] LEGACY_START = {(byte) 0x80, 2, (byte) 0x8a, 10, 0x6c, (byte) 0xfc, (byte) 0x9c, 0x46,
            (byte) 0xf9, 0x20, 0x6a, (byte) 0xa8, 0x50, 0x19, '.'};
    private static final long LEGACY_PROTOCOL = 1001;

    private final FileRegion file;
    private final String name;
    private final Map<String, Storage> storages = new HashMap<>();
    private boolean torchScript;

    private TorchFile(FileRegion file) {
        this.file = file;
        this.name = file.file().toString();
    }

    /** What the file holds. */
    record Content(String format, boolean torchScript, Map<String, StoredTensor> tensors) {}

    static boolean isZip(ByteBuffer start) {
        return start.remaining() >= 4 && start.getInt(0) == 0x0403_4b50;
    }

    static boolean isLegacy(ByteBuffer start) {
        return start.remaining() >= LEGACY_START.length
                && start.slice(0, LEGACY_START.length).equals(ByteBuffer.wrap(LEGACY_START));
    }

    static Content readZip(FileRegion file) throws IOException {
        return new TorchFile(file).readZip();
    }

    static Content readLegacy(FileRegion file) throws IOException {
        return new TorchFile(file).readLegacy();
    }

    private Content readZip() throws IOException {
        ZipDirectory zip = ZipDirectory.read(file);
        String pickle = null;
        for (String entry : zip.entries().keySet()) {
            if (entry.endsWith("/data.pkl") && entry.indexOf('/') == entry.length() - "/data.pkl".length()) {
                if (pickle != null) {
                    throw new CheckpointException("PyTorch archive has two data.pkl: first=" + pickle + " second="
                            + entry + " file=" + name);
                }
                pickle = entry;
            }
        }
        if (pickle == null) {
            throw new CheckpointException("zip file is not a PyTorch archive, it has no */data.pkl: file=" + name);
        }
        String folder = pickle.substring(0, pickle.length() - "data.pkl".length());
        torchScript = zip.entries().containsKey(folder + "constants.pkl");
        if (zip.entries().containsKey(folder + "byteorder")) {
            FileRegion order = zip.region(folder + "byteorder");
            String text = StandardCharsets.UTF_8.decode(order.read(0, (int) Math.min(16, order.sizeBytes())))
                    .toString();
            if (!text.equals("little")) {
                throw new CheckpointException("PyTorch archive has another byte order: file=" + name
                        + " expected=little actual=" + text.replaceAll("\\s", " "));
            }
        }
        Object root = machine(pickleBytes(zip.region(pickle), 0), id -> zipStorage(zip, folder, id)).load();
        return new Content(torchScript ? "TorchScript archive" : "PyTorch state dict (zip)", torchScript,
                StateDict.find(root, name));
    }

    private Storage zipStorage(ZipDirectory zip, String folder, Tuple id) throws IOException {
        Storage storage = storage(id);
        FileRegion bytes = zip.region(folder + "data/" + storage.key());
        if (bytes.sizeBytes() != storage.elements() * storage.dtype().sizeBytes()) {
            throw new CheckpointException("storage has wrong size: key=" + storage.key() + " expectedBytes="
                    + storage.elements() * storage.dtype().sizeBytes() + " actualBytes=" + bytes.sizeBytes() + " file="
                    + name);
        }
        storage.attach(bytes);
        return storage;
    }

    private Content readLegacy() throws IOException {
        ByteBuffer in = pickleBytes(file, 0);
        in.position(LEGACY_START.length);
        Object protocol = plain(in);
        if (!protocol.equals(LEGACY_PROTOCOL)) {
            throw new CheckpointException("PyTorch file has another protocol: file=" + name + " expected="
                    + LEGACY_PROTOCOL);
        }
        if (!(plain(in) instanceof Map<?, ?> system) || !Boolean.TRUE.equals(system.get("little_endian"))) {
            throw new CheckpointException("PyTorch file has another byte order: file=" + name + " expected=little");
        }
        Object root = machine(in, this::storage).load();
        if (!(plain(in) instanceof List<?> keys)) {
            throw new CheckpointException("PyTorch file has no list of storages: file=" + name);
        }
        long position = in.position();
        for (Object key : keys) {
            Storage storage = key instanceof String text ? storages.get(text) : null;
            if (storage == null) {
                throw new CheckpointException("PyTorch file lists a storage that no tensor uses: file=" + name);
            }
            long elements = file.read(position, 8).getLong(0);
            if (elements != storage.elements()) {
                throw new CheckpointException("storage has wrong size: key=" + storage.key() + " expectedElements="
                        + storage.elements() + " actualElements=" + elements + " file=" + name);
            }
            long sizeBytes = elements * storage.dtype().sizeBytes();
            storage.attach(FileRegion.of(file.file(), file.channel(), position + 8, sizeBytes,
                    "storage=" + storage.key()));
            position += 8 + sizeBytes;
        }
        return new Content("PyTorch state dict (legacy)", false, StateDict.find(root, name));
    }

    private static ByteBuffer pickleBytes(FileRegion region, long from) throws IOException {
        return region.map(from, Math.min(MAX_PICKLE_BYTES, region.sizeBytes()));
    }

    private Object plain(ByteBuffer in) throws IOException {
        return machine(in, id -> {
            throw new CheckpointException("PyTorch file names a storage where there can be none: file=" + name);
        }).load();
    }

    private PickleMachine machine(ByteBuffer in, PickleMachine.Storages loader) {
        return new PickleMachine(in, name, new PickleGlobals(torchScript), loader);
    }

    /** The storage of a persistent id: ('storage', class, key, location, elements[, view of another storage]). */
    private Storage storage(Tuple id) throws CheckpointException {
        List<Object> items = id.items();
        DType dtype = items.size() < 5 ? null : PickleGlobals.dtype(items.get(1));
        if (dtype == null || !"storage".equals(items.get(0)) || !(items.get(2) instanceof String key)
                || !(items.get(4) instanceof Long elements) || elements < 0 || elements > Long.MAX_VALUE / 16
                || (items.size() > 5 && items.get(5) != PickleMachine.NONE)) {
            throw new CheckpointException("pickle refers to a storage in a way that is not supported: file=" + name);
        }
        Storage known = storages.get(key);
        if (known == null) {
            known = new Storage(key, dtype, elements);
            storages.put(key, known);
        } else if (known.dtype() != dtype || known.elements() != elements) {
            throw new CheckpointException("pickle describes a storage in two ways: key=" + key + " file=" + name);
        }
        return known;
    }
}
