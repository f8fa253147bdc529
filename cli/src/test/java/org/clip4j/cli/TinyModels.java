package org.clip4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.clip4j.testing.Goldens;

/** Files that the tests of several commands use, made in a folder of the caller. */
final class TinyModels {
    /** Height and width of the tiny vision transformer's input in pixels. */
    static final int SIZE = 32;
    /** E of the tiny models. */
    static final int EMBED_DIM = 32;
    /** Most tokens of a text in the tiny models. */
    static final int CONTEXT_LENGTH = 16;

    private TinyModels() {}

    static String vocab(Path folder) {
        Path target = folder.resolve("bpe_reduced_1000.txt.gz");
        return (Files.exists(target) ? target : Goldens.copy("tiny/bpe_reduced_1000.txt.gz", folder)).toString();
    }

    /** The golden model 'vit', with the reduced vocabulary. */
    static String vit(Path folder) {
        return convert("state_dict_vit_f32.pt", folder, "--vocab", vocab(folder));
    }

    /** The same without a vocabulary. */
    static String vitWithoutVocabulary(Path folder) {
        return convert("state_dict_vit_f32.pt", folder);
    }

    private static String convert(String checkpoint, Path folder, String... options) {
        Path source = folder.resolve(checkpoint);
        if (!Files.exists(source)) {
            Goldens.copy("tiny/" + checkpoint, folder);
        }
        String out = folder.resolve("model" + options.length + ".safetensors").toString();
        CommandRun.of(concat(List.of("convert", source.toString(), out), List.of(options))).succeeded();
        return out;
    }

    static List<String> prepend(String first, List<String> second) {
        return List.of(concat(List.of(first), second));
    }

    static String[] concat(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).toArray(String[]::new);
    }

    /** The golden input of the model 'vit', [2,3,R,R]. */
    static String pixels(Path folder) throws IOException {
        return pixels(folder, "pixels.npy", Goldens.tiny().floats("vit/input"));
    }

    static String pixels(Path folder, String name, float[] values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        Path file = folder.resolve(name);
        NpyWriter.write(file, NpyWriter.F32, bytes, values.length / (3 * SIZE * SIZE), 3, SIZE, SIZE);
        return file.toString();
    }

    /** The texts of the goldens of models with the reduced vocabulary; all fit when truncated. */
    static List<String> texts() {
        return ((List<?>) Goldens.tiny().index().get("texts_reduced_vocab")).stream().map(String.class::cast).toList();
    }

    /** A BMP file of one colour. */
    static String image(Path folder, String name, int red, int green, int blue) throws IOException {
        int width = 40;
        int height = 36;
        ByteBuffer bytes = ByteBuffer.allocate(54 + 3 * width * height).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 'B').put((byte) 'M').putInt(bytes.capacity()).putInt(0).putInt(54);
        bytes.putInt(40).putInt(width).putInt(height).putShort((short) 1).putShort((short) 24);
        bytes.position(54);
        while (bytes.hasRemaining()) {
            bytes.put((byte) blue).put((byte) green).put((byte) red);
        }
        return Files.write(folder.resolve(name), bytes.array()).toString();
    }

    /** A row of an {@code .npy} file that this program wrote. */
    static float[] row(Path npy, int row, int width) throws IOException {
        float[] values = new float[width];
        ByteBuffer.wrap(Files.readAllBytes(npy)).order(ByteOrder.LITTLE_ENDIAN)
                .position(128 + Float.BYTES * row * width)
                .slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    /** A list of numbers out of JSON. */
    static double[] numbers(Object list) {
        return ((List<?>) list).stream().mapToDouble(number -> ((Number) number).doubleValue()).toArray();
    }

    /** ||a - b|| / ||b||. */
    static double relativeError(double[] a, double[] b, int from) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < a.length; i++) {
            difference += (a[i] - b[from + i]) * (a[i] - b[from + i]);
            norm += b[from + i] * b[from + i];
        }
        return Math.sqrt(difference / norm);
    }

    @SuppressWarnings("unchecked") // names of a JSON object are strings
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked") // anything is an object
    static List<Object> list(Object value) {
        return (List<Object>) value;
    }
}
