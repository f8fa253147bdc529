package org.clip4j.clip;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.model.ImageTower;
import org.clip4j.model.TextTower;
import org.clip4j.weights.LayerStore;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.PackedFile;

/**
 * A model's layers as a backend packs them, kept in a file beside the model's: {@link ClipModel#load(Path, LoadOptions)}
 * finds and maps it, and packs nothing. The file belongs to one model, backend, instruction set and precision, and is
 * passed over anywhere else. Stateless.
 */
public final class PackedLayers {
    private PackedLayers() {}

    /**
     * Packs the layers of both towers, and writes them beside the model: whole or not at all. Takes as much memory as the
     * file becomes long.
     *
     * @param model a converted model on disk
     * @param options of which device, backend, threads and precision count
     * @return the file, which has been replaced if it was there
     * @throws BackendException when the backend cannot be used, or packs nothing
     */
    public static Path pack(Path model, LoadOptions options) throws IOException {
        try (ModelFile file = ModelFile.open(model);
                Backend backend = Backends.open(options.device(), options.backend(),
                        new BackendOptions(options.threads(), options.precision()));
                Arena arena = backend.newArena()) {
            if (backend.packing() == null) {
                throw new BackendException(
                        "backend '" + backend.name() + "' uses the model's weights as they are, and has"
                                + " nothing to pack in precision " + options.precision().label()
                                + "; choose another one, such as"
                                + " simd",
                        null);
            }
            Collected layers = new Collected();
            ImageTower.prepare(backend, arena, file.config(), file, layers);
            TextTower.prepare(backend, arena, file.config(), file, layers);
            return PackedFile.write(file, backend.packing(), layers.packed);
        }
    }

    /** Hears of all layers. */
    private static final class Collected implements LayerStore {
        private final Map<String, PackedWeights> packed = new LinkedHashMap<>();

        @Override
        public PackedWeights find(String layer) {
            return null;
        }

        @Override
        public boolean keeps() {
            return true;
        }

        @Override
        public void packed(String layer, PackedWeights weights) {
            if (weights != null) {
                packed.put(layer, weights);
            }
        }
    }

    /**
     * Where a model's layers come from.
     *
     * @param store has them, or has none
     * @param file the layers are mapped from it; null when they are to be packed
     * @param problem why a file that is there is passed over; null when none is
     */
    record Origin(LayerStore store, Path file, String problem) {}

    /**
     * Makes something of the layers that are kept for a model and backend, or without where there are none that fit.
     *
     * @param make fails with {@link IllegalArgumentException} when the layers do not fit, and leaves nothing behind
     */
    static <T> T load(ModelFile model, Backend backend, Function<Origin, T> make) {
        String problem = null;
        if (model.isOnDisk() && backend.packing() != null) {
            try (PackedFile file = PackedFile.open(model, backend.packing())) {
                return make.apply(new Origin(file, file.path(), null));
            } catch (NoSuchFileException e) {
                // The usual case: nobody has packed them.
            } catch (IOException | IllegalArgumentException e) {
                problem = e.getMessage();
            }
        }
        return make.apply(new Origin(LayerStore.NONE, null, problem));
    }
}
