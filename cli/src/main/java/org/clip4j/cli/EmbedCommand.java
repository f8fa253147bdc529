package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Tower;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Images and texts to vectors. */
@Command(name = "embed", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Embeds images and texts, in the order images, pixels, texts.",
        "Prints a JSON line each: {\"kind\",\"source\",\"embedding\"}, or writes a NumPy file."})
final class EmbedCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Spec
    private CommandSpec spec;
    @Mixin
    private ModelChoice model;
    @Mixin
    private ImageInputs images;
    @Option(names = "--pixels", paramLabel = "X.npy", description = "Preprocessed images, f32 [B,3,R,R]; repeatable.")
    private List<Path> pixels = new ArrayList<>();
    @Mixin
    private TextInputs texts;
    @Mixin
    private TextRules rules;
    @Option(names = "--resize-on-device", description = {
            "Upload decoded images as they are, and resize them on the card; the same results."})
    private boolean resizeOnDevice;
    @Option(names = "--raw", description = "Leave the embeddings unnormalised.")
    private boolean raw;
    @Option(names = "--npy", paramLabel = "OUT.npy", description = {
            "Write f32 [rows,E]; an item that fails is a row of NaN. No file when all fail."})
    private Path npy;
    @Option(names = "--json", description = "Print JSON lines, which is the default.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        boolean image = !images.items().isEmpty() || !pixels.isEmpty();
        boolean text = !texts.items().isEmpty();
        if (!image && !text) {
            throw new ParameterException(spec.commandLine(),
                    "Nothing to embed: expected --image, --images, --pixels, --text or --texts");
        }
        if (json && npy != null) {
            throw new ParameterException(spec.commandLine(), "--json and --npy exclude each other");
        }
        InputFiles.refuseSharedStdin(images.items().file(), texts.items().file());
        if (npy != null) {
            AtomicFile.writable(npy);
        }
        Tower first = image ? Tower.IMAGE : Tower.TEXT;
        Tower second = text ? Tower.TEXT : first;
        List<PixelFile> files = new ArrayList<>();
        try (ClipModel loaded = model.load(clip, rules.ftfy(), first, second)) {
            // Files of pixels are refused before anything is embedded: half a result is no use.
            for (Path path : pixels) {
                PixelFile file = PixelFile.open(path, loaded.imageResolution(), 8);
                files.add(file);
                file.checkFinite();
            }
            if (npy == null) {
                embed(loaded, files, this::print);
            } else {
                writeNpy(loaded, files);
            }
        } finally {
            for (PixelFile file : files) {
                file.close();
            }
        }
        return clip.console().exitCode();
    }

    private void embed(ClipModel loaded, List<PixelFile> files, Embedded.Sink sink) throws IOException {
        Console console = clip.console();
        EmbeddingForm form = raw ? EmbeddingForm.RAW : EmbeddingForm.NORMALIZED;
        try (Progress progress = Progress.items("embed", count(files), npy == null, console);
                Embedder embedder = new Embedder(console, loaded,
                        SessionOptions.defaults().withResizeOnDevice(resizeOnDevice), form, rules.truncate(), item -> {
                            sink.accept(item);
                            progress.step();
                        })) {
            embedder.images(images.items());
            for (int i = 0; i < files.size(); i++) {
                embedder.pixels(files.get(i), pixels.get(i).toString());
            }
            embedder.texts(texts.items());
        }
    }

    private long count(List<PixelFile> files) {
        long given = images.items().count();
        long written = texts.items().count();
        return given == Progress.UNKNOWN || written == Progress.UNKNOWN
                ? Progress.UNKNOWN
                : given + written + files.stream().mapToLong(PixelFile::images).sum();
    }

    private void print(Embedded item) {
        Object result = item.failed() ? item.error() : item.embedding();
        clip.console().print(Json.line(Json.object("kind", item.kind(), "source", item.source(),
                item.failed() ? "error" : "embedding", result)));
    }

    private void writeNpy(ClipModel loaded, List<PixelFile> files) throws IOException {
        float[] missing = new float[loaded.embedDim()];
        Arrays.fill(missing, Float.NaN);
        long[] good = {0};
        try (NpyWriter writer = NpyWriter.create(npy, NpyWriter.F32, loaded.embedDim())) {
            embed(loaded, files, item -> {
                good[0] += item.failed() ? 0 : 1;
                writer.append(item.failed() ? missing : item.embedding());
            });
            if (good[0] > 0 || writer.rows() == 0) {
                writer.commit();
            }
        }
    }
}
