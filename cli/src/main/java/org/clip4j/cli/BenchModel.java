package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.LoadOptions;
import org.clip4j.converter.PublishedArchitectures;
import org.clip4j.converter.Synth;
import org.clip4j.embedded.EmbeddedModel;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelFile;

/**
 * The model that is measured, loaded again for each precision: a file, the embedded model, or generated weights in a
 * temporary file that is deleted at the end. For one thread; the owner closes it.
 */
final class BenchModel implements AutoCloseable {
    private final String name;
    private final Path file;
    private final boolean temporary;
    private final ClipCommand clip;
    private final ClipConfig config;

    private BenchModel(String name, Path file, boolean temporary, ClipCommand clip) throws IOException {
        this.clip = clip;
        this.name = name;
        this.file = file;
        this.temporary = temporary;
        boolean sound = false;
        try (ModelFile opened = open()) {
            config = opened.config();
            sound = true;
        } finally {
            if (!sound) {
                close();
            }
        }
    }

    /** A file, or the name of a pulled model; null for the embedded model. */
    static BenchModel of(Path model, ClipCommand clip) throws IOException {
        if (model == null) {
            ModelChoice.noteEmbedded("--model or --synth", clip);
            return new BenchModel(EmbeddedModel.NAME, null, false, clip);
        }
        return new BenchModel(model.toString(), clip.modelFile(model), false, clip);
    }

    /** Generated weights of one of the {@link PublishedArchitectures}. */
    static BenchModel synth(String architecture, ClipCommand clip) throws IOException {
        PublishedArchitectures.of(architecture);
        Path file = Files.createTempFile("clip-bench-", ".safetensors");
        // For the case that the process is told to end meanwhile.
        file.toFile().deleteOnExit();
        boolean written = false;
        try (Progress progress = Progress.bytes("synth", clip.console())) {
            Synth.synth(architecture, file, Synth.DEFAULT_SEED, Optional.empty(), clip.backendChoice().threads(),
                    progress.listener());
            written = true;
        } finally {
            if (!written) {
                Files.deleteIfExists(file);
            }
        }
        return new BenchModel("synth " + architecture, file, true, clip);
    }

    private ModelFile open() throws IOException {
        return file == null ? EmbeddedModel.open() : ModelFile.open(file);
    }

    /** For people. */
    String name() {
        return name;
    }

    ClipConfig config() {
        return config;
    }

    /** Both towers; the caller closes it. */
    ClipModel load(LoadOptions options) throws IOException {
        // Unmaps the file of the model that was closed before, which would count as resident memory.
        System.gc();
        ClipModel loaded = ClipModel.load(open(), options);
        boolean usable = false;
        try {
            clip.pinThread(loaded);
            usable = true;
            return loaded;
        } finally {
            if (!usable) {
                loaded.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (temporary) {
            Files.deleteIfExists(file);
        }
    }
}
