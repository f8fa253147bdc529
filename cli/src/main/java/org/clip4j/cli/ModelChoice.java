package org.clip4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.Tower;
import org.clip4j.embedded.EmbeddedModel;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.DeviceName;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.Sha256;
import picocli.CommandLine.Option;

/** The model that a command runs: a file, or the embedded model when none is named. */
final class ModelChoice {
    /** For the help of commands that name a model in another way. */
    static final String DESCRIPTION = "A file that 'clip convert' wrote, or the name of a pulled model;"
            + " default: the embedded model.";
    /** How the other commands name a model. */
    static final String OPTION = "--model FILE";

    @Option(names = "--model", paramLabel = "M", description = DESCRIPTION)
    private Path model;

    /**
     * Opens a model file, or the embedded model and says so; the caller closes it.
     *
     * @param model a file or the name of a pulled model, or null for the embedded model
     * @param remedy how to name another one
     */
    static ModelFile open(Path model, String remedy, ClipCommand clip) throws IOException {
        if (model != null) {
            return ModelFile.open(clip.modelFile(model));
        }
        ModelFile embedded = EmbeddedModel.open();
        noteEmbedded(remedy, clip);
        return embedded;
    }

    /** Says that no model was named. */
    static void noteEmbedded(String remedy, ClipCommand clip) {
        clip.console().note("using the embedded model, which knows drawn pictures only, not photos; name another one"
                + " with " + remedy);
    }

    /**
     * Loads the towers that are needed, and no other.
     *
     * @throws InputException when a text tower is asked for and the model has no vocabulary
     */
    ClipModel load(ClipCommand clip, boolean ftfy, Tower first, Tower... others) throws IOException {
        LoadOptions options = clip.backendChoice().loadOptions().withFtfy(ftfy).withTowers(first, others);
        clip.backendChoice().checkPrecision();
        ClipModel loaded = ClipModel.load(open(model, OPTION, clip), options);
        boolean usable = false;
        try {
            if (loaded.towers().contains(Tower.TEXT)) {
                requireVocabulary(loaded);
            }
            noteSkippedBackends(loaded, options, clip.console());
            loaded.packedProblem().ifPresent(clip.console()::note);
            clip.pinThread(loaded);
            usable = true;
            return loaded;
        } finally {
            if (!usable) {
                loaded.close();
            }
        }
    }

    /** SHA-256 of the model's file, lower-case hexadecimal. */
    String sha256(ClipCommand clip) throws IOException {
        try (InputStream in = model == null
                ? EmbeddedModel.stream()
                : Files.newInputStream(clip.modelFile(model))) {
            return Sha256.of(in);
        }
    }

    private static void requireVocabulary(ClipModel model) {
        try {
            model.tokenizer();
        } catch (IllegalStateException e) {
            throw new InputException(e.getMessage(), e);
        }
    }

    private static void noteSkippedBackends(ClipModel model, LoadOptions options, Console console) {
        if (!options.backend().equals(Backends.AUTO)) {
            return;
        }
        List<String> names = Backends.providers().stream()
                .filter(provider -> provider.device().equals(DeviceName.parse(options.device()).kind()))
                .map(BackendProvider::name).toList();
        if (names.indexOf(model.backendName()) > 0) {
            console.note(model.backendReason());
        }
    }
}
