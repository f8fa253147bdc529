package org.clip4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.clip4j.clip.Preprocessing;
import org.clip4j.image.Image;
import org.clip4j.image.ImageFormatException;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.weights.ModelFile;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Image files to the arrays that a model sees. */
@Command(name = "preprocess", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Resizes and crops images; writes DIR/<file name>.npy: u8 [N,N,3], or f32 [3,N,N]."})
final class PreprocessCommand implements Callable<Integer> {
    private static final String OTHER = ModelChoice.OPTION + ", or a size with --size N";

    @ParentCommand
    private ClipCommand clip;
    @Spec
    private CommandSpec spec;
    @ArgGroup(exclusive = true, multiplicity = "0..1")
    private SizeSource source = new SizeSource();
    @Option(names = "--normalized", description = "Write f32 [3,N,N], the input of the image tower.")
    private boolean normalized;
    @Option(names = "--out", required = true, paramLabel = "DIR", description = "A folder; made when missing.")
    private Path out;
    @Option(names = "--images", paramLabel = "FILE|-", description = "A file of paths, one per line; - is stdin.")
    private String file;
    @Parameters(paramLabel = "IMAGE", arity = "0..*", description = "Image files.")
    private List<String> images = new ArrayList<>();

    private final Set<String> written = new HashSet<>();

    /** Where the size and the normalisation come from. */
    static final class SizeSource {
        @Option(names = "--model", paramLabel = "M", description = ModelChoice.DESCRIPTION)
        private Path model;
        @Option(names = "--size", paramLabel = "N", description = "Edge in pixels, with CLIP's normalisation.")
        private Integer size;
    }

    @Override
    public Integer call() throws IOException {
        if (images.isEmpty() && file == null) {
            throw new ParameterException(spec.commandLine(), "No images: expected IMAGE... or --images FILE|-");
        }
        PreprocessConfig config = config();
        Preprocessor preprocessor = new Preprocessor(config);
        int samples = 3 * config.size() * config.size();
        ByteBuffer result = ByteBuffer.allocateDirect(normalized ? Float.BYTES * samples : samples)
                .order(ByteOrder.LITTLE_ENDIAN);
        InputFiles.createFolder("--out", out);
        Items items = Items.images(images, file);
        try (Progress progress = Progress.items("preprocess", items.count(), false, clip.console())) {
            items.forEach(clip.console(), (image, problem) -> {
                if (problem == null) {
                    write(preprocessor, image, result);
                } else {
                    clip.console().itemFailed(image, problem.getMessage());
                }
                progress.step();
            });
        }
        return clip.console().exitCode();
    }

    private PreprocessConfig config() throws IOException {
        if (source.size != null) {
            return PreprocessConfig.clip(source.size);
        }
        try (ModelFile model = ModelChoice.open(source.model, OTHER, clip)) {
            return Preprocessing.of(model.config().preprocess());
        }
    }

    private void write(Preprocessor preprocessor, String image, ByteBuffer result) throws IOException {
        int size = preprocessor.config().size();
        Path target;
        try {
            Path path = Path.of(image);
            target = out.resolve(path.getFileName() + ".npy");
            if (!written.add(target.getFileName().toString())) {
                clip.console().itemFailed(image, "an image of the same name was written before: file=" + target
                        + "; use another --out");
                return;
            }
            if (normalized) {
                preprocessor.tensor(Image.of(path), result.clear().asFloatBuffer(), 0);
            } else {
                preprocessor.pixels(Image.of(path), result.clear(), 0);
            }
        } catch (ImageFormatException | UncheckedIOException | InvalidPathException e) {
            clip.console().itemFailed(image, ExitCodes.message(e));
            return;
        }
        if (normalized) {
            NpyWriter.write(target, NpyWriter.F32, result.clear(), 3, size, size);
        } else {
            NpyWriter.write(target, NpyWriter.U8, result.clear(), size, size, 3);
        }
    }
}
