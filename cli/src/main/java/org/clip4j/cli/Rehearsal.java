package org.clip4j.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.clip4j.converter.ProgressListener;
import org.clip4j.converter.Synth;
import org.clip4j.kernels.Activation;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.PreprocessSpec;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/**
 * Runs the commands on tiny models, so that Java sees the classes that they need: the launcher calls it once after a
 * build, to make a class-data archive for a faster start. Prints nothing.
 */
final class Rehearsal {
    private static final int SIZE = 32;
    private static final int BYTE_TOKENS = 512;
    private static final String MERGES = "#version: 0.2\nt h\nth e</w>\na n\n";

    private final Path folder;

    private Rehearsal(Path folder) {
        this.folder = folder;
    }

    /** Takes the folder for temporary files. */
    public static void main(String[] args) throws IOException {
        loadEntryPoint();
        HeadStart.begin(List.of("embed", "--image"));
        Path folder = Files.createTempDirectory(Path.of(args[0]), "rehearsal");
        try {
            new Rehearsal(folder).run();
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        System.exit(0);
    }

    private static void loadEntryPoint() {
        try {
            Class.forName(Clip.class.getName());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("the entry point is in the same jar", e);
        }
    }

    private void run() throws IOException {
        String vocab = write("merges.txt", MERGES);
        String image = write("image.bmp", bitmap());
        String photo = write("image.jpg", jpeg());
        String texts = write("texts.txt", "the cat\ncaf\u00e9\n");
        String model = model("vit.safetensors",
                new VisionConfig.Transformer(SIZE, 16, 64, 1, 1, 256, Activation.QUICK_GELU), vocab);
        String resNet = model("rn.safetensors", new VisionConfig.ModifiedResNet(SIZE, List.of(1, 1, 1, 1), 8, 4),
                vocab);
        String out = folder.resolve("out").toString();
        clip("--version");
        clip("--help");
        clip("backends");
        clip("info", model);
        clip("pack", model);
        clip("pack", model, "--precision", "bf16");
        clip("embed", "--model", model, "--image", photo, "--precision", "bf16");
        clip("tokenize", "--vocab", vocab, "the \u201ccaf\u00c3\u00a9\u201d &amp; more");
        clip("tokenize", "--model", model, "--jsonl", "-");
        clip("preprocess", "--model", model, "--normalized", "--out", out, image);
        clip("preprocess", "--size", "16", "--out", out, image);
        String pixels = folder.resolve("pixels.npy").toString();
        NpyWriter.write(Path.of(pixels), NpyWriter.F32, ByteBuffer.allocate(4 * 3 * SIZE * SIZE), 1, 3, SIZE,
                SIZE);
        clip("embed", "--model", model, "--image", image, "--pixels", pixels, "--text", "the cat", "--texts", texts);
        clip("embed", "--model", resNet, "--image", image, "--text", "x", "--raw", "--npy", out + "/e.npy");
        clip("similarity", "--model", model, "--image", image, "--text", "a", "--json", "--threads", "1");
        clip("classify", "--model", model, "--labels", "a,b", "--json", image);
        clip("rank", "--model", model, "--text", "a", image, photo);
        // The embedded model, which every command uses when none is named.
        clip("info");
        clip("demo", "--out", out + "/demo.png");
        clip("nonsense");
    }

    private String model(String name, VisionConfig vision, String vocab) throws IOException {
        Path file = folder.resolve(name);
        TextConfig text = new TextConfig(16, BYTE_TOKENS + 3 + 2, 64, 1, 1, 256, Activation.QUICK_GELU,
                TextConfig.LARGEST_ID);
        PreprocessSpec preprocess = new PreprocessSpec(SIZE, List.of(0.5f, 0.5f, 0.5f), List.of(0.5f, 0.5f, 0.5f));
        Synth.write(new ClipConfig(16, vision, text, preprocess), name, file, "rehearsal", Optional.of(Path.of(vocab)),
                1, ProgressListener.NONE);
        return file.toString();
    }

    private String write(String name, String text) throws IOException {
        return write(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private String write(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes).toString();
    }

    /** A picture of 2 x 2 pixels with 24 bits each; BITMAPINFOHEADER. */
    private static byte[] bitmap() {
        byte[] file = new byte[70];
        byte[] head = {'B', 'M', 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24};
        System.arraycopy(head, 0, file, 0, head.length);
        return file;
    }

    /** A grey JPEG of 8 x 8 pixels: steps of 1, and tables of one code each, for nothing. */
    private static byte[] jpeg() {
        return HexFormat.of().parseHex("ffd8" + "ffdb004300" + "01".repeat(64) + "ffc0000b080008000801011100"
                + "ffc4001400" + "01" + "00".repeat(16) + "ffc4001410" + "01" + "00".repeat(16) + "ffda0008010100003f00"
                + "3f" + "ffd9");
    }

    private static void clip(String... args) {
        InputStream in = new ByteArrayInputStream("\"the cat\"\n".getBytes(StandardCharsets.UTF_8));
        ClipCommand.run(args, in, OutputStream.nullOutputStream(), OutputStream.nullOutputStream());
    }
}
