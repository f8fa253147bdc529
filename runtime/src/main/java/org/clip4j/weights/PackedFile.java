package org.clip4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;

/**
 * A model's layers as one kind of backend has packed them, in a safetensors file beside the model's: mapped, so that a
 * process that starts neither packs weights nor holds them twice. The file names the layout and the model that it belongs
 * to; what belongs to another one is refused. For one thread; mapped tensors may be read by any.
 */
public final class PackedFile implements LayerStore, AutoCloseable {
    /** Ends the name of every such file. */
    public static final String SUFFIX = ".packed";

    private static final String VERSION_KEY = "clip4j-packed";
    private static final String VERSION = "1";
    private static final String PACKING_KEY = "packing";
    private static final String MODEL_KEY = "model";
    private static final String LAYER_PREFIX = "layer ";
    private static final String REMEDY = "; run clip pack again, or remove the file";
    /** Of the beginning and of the end of each tensor: what training changes, it changes there too. */
    private static final int SAMPLE_BYTES = 64;

    private final Path path;
    private final MappedTensors views;
    private final Map<String, PackedWeights> layers;

    private PackedFile(Path path, MappedTensors views, Map<String, PackedWeights> layers) {
        this.path = path;
        this.views = views;
        this.layers = layers;
    }

    /**
     * The file that holds a model's layers.
     *
     * @param model where the model lies
     * @param packing {@link org.clip4j.kernels.Backend#packing}
     */
    public static Path beside(Path model, String packing) {
        return model.resolveSibling(model.getFileName() + "." + packing + SUFFIX);
    }

    /** All files of packed layers that lie beside a model, of whatever layout. */
    public static List<Path> allBeside(Path model) throws IOException {
        Path folder = model.toAbsolutePath().getParent();
        String prefix = model.getFileName() + ".";
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder,
                file -> file.getFileName().toString().startsWith(prefix)
                        && file.getFileName().toString().endsWith(SUFFIX))) {
            files.forEach(found::add);
        }
        return found;
    }

    /**
     * Opens a model's packed layers; none is read.
     *
     * @param model lies on disk
     * @throws NoSuchFileException when there are none of this layout
     * @throws ModelFileException when the file is damaged, or belongs to another model or layout
     */
    public static PackedFile open(ModelFile model, String packing) throws IOException {
        Path path = beside(model.path(), packing);
        ClosedMaps.makeRoom();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            FileBytes bytes = new FileBytes.OnDisk(channel, path.toString());
            SafetensorsHeader header = SafetensorsHeader.read(bytes, path.toString());
            require(path, header, VERSION_KEY, VERSION);
            require(path, header, PACKING_KEY, packing);
            require(path, header, MODEL_KEY, fingerprint(model));
            if (Files.getLastModifiedTime(path).compareTo(Files.getLastModifiedTime(model.path())) < 0) {
                throw new ModelFileException("packed weights are older than their model: file=" + path + REMEDY);
            }
            MappedTensors views = MappedTensors.map(bytes, header, path.toString());
            try {
                return new PackedFile(path, views, layers(path, header, views.tensors()));
            } catch (ModelFileException e) {
                views.close();
                throw e;
            }
        }
    }

    private static Map<String, PackedWeights> layers(Path path, SafetensorsHeader header,
            Map<String, Tensor> tensors) throws ModelFileException {
        Map<String, PackedWeights> layers = new HashMap<>();
        for (Map.Entry<String, String> entry : header.metadata().entrySet()) {
            if (entry.getKey().startsWith(LAYER_PREFIX)) {
                String layer = entry.getKey().substring(LAYER_PREFIX.length());
                try {
                    layers.put(layer, layer(layer, entry.getValue().split(" "), tensors));
                } catch (IllegalArgumentException | IndexOutOfBoundsException | NullPointerException e) {
                    throw new ModelFileException("packed weights are damaged: file=" + path + " layer=" + layer
                            + " actual=" + entry.getValue() + REMEDY, e);
                }
            }
        }
        return layers;
    }

    /** A layer of its description: precision, K, N, number of tensors. */
    private static PackedWeights layer(String layer, String[] words, Map<String, Tensor> tensors) {
        List<Tensor> own = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(words[3]); i++) {
            // A count that is wrong ends at the first tensor that is not there.
            own.add(Objects.requireNonNull(tensors.get(tensorName(layer, i))));
        }
        return new PackedWeights(Integer.parseInt(words[1]), Integer.parseInt(words[2]),
                Precision.valueOf(words[0].toUpperCase(Locale.ROOT)), own);
    }

    private static void require(Path path, SafetensorsHeader header, String key, String expected)
            throws ModelFileException {
        String actual = header.metadata().get(key);
        if (!expected.equals(actual)) {
            throw new ModelFileException("packed weights are not those of this model: file=" + path + " field=" + key
                    + " expected=" + expected + " actual=" + actual + REMEDY);
        }
    }

    /** Stands for what a model file holds: its size, and a checksum of its tensors' names, types, places and samples. */
    private static String fingerprint(ModelFile model) {
        CRC32 checksum = new CRC32();
        StringBuilder names = new StringBuilder(model.configJson());
        for (SafetensorsHeader.Entry entry : model.entries()) {
            names.append('\n').append(entry.name()).append(entry.dtype()).append(entry.begin());
            if (!entry.name().equals(ModelFile.MERGES)) {
                ByteBuffer bytes = model.tensor(entry.name()).bytes().duplicate().clear();
                int sample = Math.min(SAMPLE_BYTES, bytes.capacity());
                checksum.update(bytes.slice(0, sample));
                checksum.update(bytes.slice(bytes.capacity() - sample, sample));
            }
        }
        checksum.update(names.toString().getBytes(StandardCharsets.UTF_8));
        return model.sizeBytes() + "-" + Long.toHexString(checksum.getValue());
    }

    /**
     * Writes a model's layers, whole or not at all.
     *
     * @param layers by their names, in the order in which they are needed
     * @return the file, which is replaced if it is there
     */
    public static Path write(ModelFile model, String packing, Map<String, PackedWeights> layers) throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(VERSION_KEY, VERSION);
        metadata.put(PACKING_KEY, packing);
        metadata.put(MODEL_KEY, fingerprint(model));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        layers.forEach((layer, packed) -> {
            metadata.put(LAYER_PREFIX + layer, packed.precision().label() + " " + packed.inFeatures() + " "
                    + packed.outFeatures() + " " + packed.tensors().size());
            for (int i = 0; i < packed.tensors().size(); i++) {
                tensors.put(tensorName(layer, i), packed.tensors().get(i));
            }
        });
        List<ModelFileWriter.Entry> entries = new ArrayList<>();
        tensors.forEach((name, tensor) -> entries.add(new ModelFileWriter.Entry(name, tensor.dtype(),
                List.of(tensor.elements()))));
        Path target = beside(model.path(), packing);
        try (SafetensorsWriter out = SafetensorsWriter.create("packed weights", target, metadata, entries)) {
            for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
                out.write(tensor.getKey(), 0, tensor.getValue().bytes().duplicate().clear());
            }
            out.commit(true);
        }
        return target;
    }

    private static String tensorName(String layer, int index) {
        return layer + ":" + index;
    }

    /** Where the file lies. */
    public Path path() {
        return path;
    }

    @Override
    public PackedWeights find(String layer) {
        return layers.get(layer);
    }

    /** Lets go of the map; layers that use it keep it. */
    @Override
    public void close() {
        views.close();
    }
}
