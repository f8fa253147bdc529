package org.clip4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/**
 * A converted model: one safetensors file, mapped into memory or lying there already. Opening reads the header and the
 * one value of {@code logit_scale}; it checks that every tensor of the {@link TensorTable} is there with the shape that
 * the configuration asks for, and that nothing else is.
 *
 * <p>Tensors are views of that memory and stay readable for as long as someone holds one, also after {@link #close}: map
 * or buffer are released when the last view is gone. Thread-safe.
 */
public final class ModelFile implements TensorSource, AutoCloseable {
    /** Value of the metadata entry {@code clip4j}. */
    public static final String FORMAT_VERSION = "1";
    /** The tensor that holds the merges of the BPE vocabulary: UTF-8, one line {@code a b} each. */
    public static final String MERGES = "tokenizer.merges";

    static final String VERSION_KEY = "clip4j";
    static final String CONFIG_KEY = "config";
    static final String SOURCE_KEY = "source";

    private static final String REMEDY = "; --model takes converted files: clip convert ";

    private final String name;
    private final Path path;
    private final ClipConfig config;
    private final String configJson;
    private final ModelSource source;
    private final List<SafetensorsHeader.Entry> entries;
    private final long sizeBytes;
    private final float logitScale;
    private final MappedTensors views;
    private volatile Map<String, Tensor> tensors;

    private ModelFile(String name, Path path, FileBytes bytes) throws IOException {
        this.name = name;
        this.path = path;
        SafetensorsHeader header = readHeader(bytes);
        Map<String, String> metadata = header.metadata();
        String version = metadata.get(VERSION_KEY);
        if (version == null) {
            throw new ModelFileException("not a clip4j model file, its metadata has no entry 'clip4j': file=" + name
                    + remedy());
        }
        if (!version.equals(FORMAT_VERSION)) {
            throw new ModelFileException("model file has another format version: file=" + name + " expected="
                    + FORMAT_VERSION + " actual=" + version + "; convert the checkpoint again");
        }
        this.configJson = metadata(metadata, CONFIG_KEY);
        this.config = ConfigJson.read(configJson, name + " (metadata 'config')");
        JsonFields from = JsonFields.parse(name + " (metadata 'source')", metadata(metadata, SOURCE_KEY));
        this.source = new ModelSource(from.string("file"), Optional.ofNullable(from.string("sha256", null)));
        this.entries = header.tensors();
        this.sizeBytes = bytes.sizeBytes();
        checkAgainstTable(config, entries, name);
        this.views = MappedTensors.map(bytes, header, name);
        try {
            this.logitScale = LogitScale.factor(views.tensors().get(LogitScale.TENSOR).get(0), name);
        } catch (IOException | RuntimeException e) {
            views.close();
            throw e;
        }
        this.tensors = views.tensors();
    }

    /**
     * Opens a model file; no weight is read but {@code logit_scale}.
     *
     * @throws ModelFileException when the file is not a sound model file
     */
    public static ModelFile open(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new ModelFileException("not a model file but a folder: file=" + path + REMEDY + path
                    + " OUT.safetensors");
        }
        if (!Files.exists(path)) {
            throw new ModelFileException("model file does not exist: file=" + path);
        }
        ClosedMaps.makeRoom();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return new ModelFile(path.toString(), path, new FileBytes.OnDisk(channel, path.toString()));
        }
    }

    /**
     * Takes a model file that lies in memory, for example a resource of a jar. Nothing is copied: tensors are views of
     * the buffer, whose bytes must not change as long as they are in use.
     *
     * @param bytes the whole file, from position to limit; direct where a native backend is to use it. Its position
     *     stays as it is
     * @param name what messages call the file
     * @throws ModelFileException when it is not a sound model file
     */
    public static ModelFile read(ByteBuffer bytes, String name) throws IOException {
        return new ModelFile(name, null, new FileBytes.InMemory(bytes.slice()));
    }

    private SafetensorsHeader readHeader(FileBytes bytes) throws IOException {
        try {
            return SafetensorsHeader.read(bytes, name);
        } catch (ModelFileException e) {
            if (e.getMessage().startsWith("not a safetensors file")) {
                throw new ModelFileException(e.getMessage() + remedy(), e);
            }
            throw e;
        }
    }

    /** Nobody can convert what only lies in memory. */
    private String remedy() {
        return path == null ? "" : REMEDY + path + " OUT.safetensors";
    }

    private String metadata(Map<String, String> metadata, String key) throws ModelFileException {
        String value = metadata.get(key);
        if (value == null) {
            throw new ModelFileException("model file lacks a metadata entry: name=" + key + " file=" + name
                    + "; convert the checkpoint again");
        }
        return value;
    }

    private static void checkAgainstTable(ClipConfig config, List<SafetensorsHeader.Entry> entries, String file)
            throws ModelFileException {
        Map<String, SafetensorsHeader.Entry> found = new LinkedHashMap<>();
        for (SafetensorsHeader.Entry entry : entries) {
            found.put(entry.name(), entry);
        }
        for (TensorSpec spec : TensorTable.of(config)) {
            SafetensorsHeader.Entry entry = found.remove(spec.name());
            if (entry == null) {
                throw new ModelFileException("model tensor is missing: name=" + spec.name() + " expected="
                        + spec.shape() + " file=" + file);
            }
            if (!entry.shape().equals(spec.shape())) {
                throw new ModelFileException("model tensor has wrong shape: name=" + spec.name() + " expected="
                        + spec.shape() + " actual=" + entry.shape() + " file=" + file);
            }
            if (entry.dtype() != DType.F32 && entry.dtype() != DType.F16 && entry.dtype() != DType.BF16) {
                throw new ModelFileException("model tensor has wrong dtype: name=" + spec.name()
                        + " expected=[F32, F16, BF16] actual=" + entry.dtype() + " file=" + file);
            }
        }
        SafetensorsHeader.Entry merges = found.remove(MERGES);
        if (merges != null && (merges.dtype() != DType.U8 || merges.shape().size() != 1)) {
            throw new ModelFileException("model tensor has wrong dtype or shape: name=" + MERGES
                    + " expected=U8[bytes] actual=" + merges.dtype() + merges.shape() + " file=" + file);
        }
        for (SafetensorsHeader.Entry extra : found.values()) {
            throw new ModelFileException("model has a tensor that its configuration does not know: name="
                    + extra.name() + " actual=" + extra.shape() + " file=" + file);
        }
    }

    /** What messages call the file: its path, or what {@link #read} was given. */
    public String name() {
        return name;
    }

    /** Whether the file lies on disk; false when it was given as bytes, see {@link #read}. */
    public boolean isOnDisk() {
        return path != null;
    }

    /**
     * Where the file lies.
     *
     * @throws IllegalStateException when it was given as bytes, see {@link #read}
     */
    public Path path() {
        if (path == null) {
            throw new IllegalStateException("model lies in memory and has no path: name=" + name + "; ask for name()");
        }
        return path;
    }

    /** Length of the file in bytes. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Everything about the model that is not a weight. */
    public ClipConfig config() {
        return config;
    }

    /** The configuration as it stands in the file. */
    public String configJson() {
        return configJson;
    }

    /** Where the weights came from. */
    public ModelSource source() {
        return source;
    }

    /** The factor between cosines and logits, exp(logit_scale): finite and above 0. */
    public float logitScale() {
        return logitScale;
    }

    /** Names, types and shapes of all tensors, in the order of the file. */
    public List<SafetensorsHeader.Entry> entries() {
        return entries;
    }

    /** Element types of the weights, for example {@code f32} or {@code f16+f32}. */
    public String precision() {
        TreeSet<String> names = new TreeSet<>();
        for (SafetensorsHeader.Entry entry : entries) {
            if (entry.dtype().isFloatingPoint()) {
                names.add(entry.dtype().name().toLowerCase(Locale.ROOT));
            }
        }
        return String.join("+", names);
    }

    /**
     * A view of one weight, row-major, read-only.
     *
     * @throws IllegalArgumentException when there is no such tensor
     * @throws IllegalStateException after {@link #close}
     */
    @Override
    public Tensor tensor(String tensorName) {
        Tensor tensor = openTensors().get(tensorName);
        if (tensor == null) {
            throw new IllegalArgumentException("model has no such tensor: name=" + tensorName + " file=" + name);
        }
        return tensor;
    }

    /**
     * The merges of the BPE vocabulary, most frequent first: UTF-8, a line {@code a b} each. A new read-only view for
     * each caller; empty when the model was converted without a vocabulary.
     *
     * @throws IllegalStateException after {@link #close}
     */
    public Optional<ByteBuffer> bpeMerges() {
        Tensor merges = openTensors().get(MERGES);
        return merges == null
                ? Optional.empty()
                : Optional.of(merges.bytes().duplicate().clear().order(ByteOrder.LITTLE_ENDIAN));
    }

    /**
     * Reads all weights and refuses NaN and infinity. The converter has done so already; this is for files of doubt.
     *
     * @throws ModelFileException that names the first such tensor
     */
    public void checkFinite() throws ModelFileException {
        for (SafetensorsHeader.Entry entry : entries) {
            Tensor tensor = tensor(entry.name());
            int index = NonFinite.firstIndex(tensor.bytes(), 0, tensor.elements(), tensor.dtype());
            if (index >= 0) {
                throw new ModelFileException("model tensor is not finite: name=" + entry.name() + " index=" + index
                        + " value=" + tensor.get(index) + " file=" + name);
            }
        }
    }

    private Map<String, Tensor> openTensors() {
        Map<String, Tensor> open = tensors;
        if (open == null) {
            throw new IllegalStateException("model file is closed: file=" + name);
        }
        return open;
    }

    /** Drops the map or buffer; views that others still hold stay valid. May be called again. */
    @Override
    public void close() {
        tensors = null;
        views.close();
    }
}
