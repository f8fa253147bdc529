package org.clip4j.training;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.SafetensorsHeader;

/**
 * Everything that a training needs to go on as if it had never stopped: weights, the optimizer's moments and the number
 * of steps. One safetensors file: a weight has its own name, its moments {@code mean.NAME} and {@code square.NAME}.
 * Written to a temporary sibling, brought to the disk, then renamed, so that a checkpoint is whole or not there.
 */
public final class TrainingCheckpoint {
    private static final String VERSION_KEY = "clip4j_training";
    private static final String VERSION = "1";
    private static final String STEPS_KEY = "steps";
    private static final String RECIPE_KEY = "recipe";

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final AdamW optimizer;
    private final String recipe;

    /**
     * Binds a checkpoint to the tensors that it saves and restores; they stay their owners'.
     *
     * @param recipe what the training does, in any notation; a checkpoint of another recipe is refused
     */
    public TrainingCheckpoint(Parameters parameters, AdamW optimizer, String recipe) {
        this.optimizer = optimizer;
        this.recipe = recipe;
        for (Parameter parameter : parameters.all()) {
            tensors.put(parameter.name(), parameter.value());
        }
        for (AdamW.Moments moments : optimizer.moments()) {
            tensors.put("mean." + moments.parameter().name(), moments.mean());
            tensors.put("square." + moments.parameter().name(), moments.square());
        }
    }

    /**
     * Writes the state as it is now; an older checkpoint of the same name is replaced.
     *
     * @throws IOException when it cannot be written; the older one is then still there
     */
    public void write(Path target) throws IOException {
        Path temporary = target.resolveSibling("." + target.getFileName() + ".part");
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            writeFully(channel, header());
            for (Tensor tensor : tensors.values()) {
                writeFully(channel, tensor.bytes().duplicate().clear());
            }
            channel.force(true);
        } catch (IOException e) {
            deleteQuietly(temporary, e);
            throw e;
        }
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void deleteQuietly(Path file, IOException cause) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    private ByteBuffer header() throws IOException {
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("__metadata__", Map.of(VERSION_KEY, VERSION, STEPS_KEY, Long.toString(optimizer.steps()), RECIPE_KEY,
                recipe));
        long position = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            long end = position + (long) entry.getValue().elements() * Float.BYTES;
            fields.put("dtype", DType.F32.name());
            fields.put("shape", entry.getValue().shape());
            fields.put("data_offsets", List.of(position, end));
            header.put(entry.getKey(), fields);
            position = end;
        }
        byte[] json = JSON.std.asString(header).getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) / 8 * 8;
        ByteBuffer bytes = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(padded).put(json);
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        return bytes.flip();
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /**
     * Restores weights, moments and the number of steps.
     *
     * @throws ModelFileException when the file is not a checkpoint of this model and recipe; nothing has changed then
     * @throws IOException when it cannot be read
     */
    public void read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            SafetensorsHeader header = SafetensorsHeader.read(channel, file.toString());
            long steps = check(header, file);
            for (SafetensorsHeader.Entry entry : header.tensors()) {
                ByteBuffer bytes = tensors.get(entry.name()).bytes().duplicate().clear();
                long position = header.dataStartBytes() + entry.begin();
                while (bytes.hasRemaining()) {
                    int read = channel.read(bytes, position + bytes.position());
                    if (read < 0) {
                        throw new ModelFileException("checkpoint ended while it was read: file=" + file);
                    }
                }
            }
            optimizer.resumeAt(steps);
        }
    }

    private long check(SafetensorsHeader header, Path file) throws ModelFileException {
        String version = header.metadata().get(VERSION_KEY);
        if (!VERSION.equals(version)) {
            throw new ModelFileException("not a training checkpoint of this version: file=" + file + " expected="
                    + VERSION + " actual=" + version);
        }
        String other = header.metadata().getOrDefault(RECIPE_KEY, "");
        if (!recipe.equals(other)) {
            throw new ModelFileException("checkpoint belongs to another training: file=" + file + " expected "
                    + difference(recipe, other) + " actual " + difference(other, recipe)
                    + "; give what that one was given, or train into another folder");
        }
        int found = 0;
        for (SafetensorsHeader.Entry entry : header.tensors()) {
            Tensor tensor = tensors.get(entry.name());
            if (tensor == null || entry.dtype() != DType.F32 || !matches(entry.shape(), tensor.shape())) {
                throw new ModelFileException("checkpoint does not fit the model: file=" + file + " name="
                        + entry.name() + " expected=" + tensor + " actual=" + entry.dtype() + entry.shape());
            }
            found++;
        }
        if (found != tensors.size()) {
            throw new ModelFileException("checkpoint lacks tensors: file=" + file + " expected=" + tensors.size()
                    + " actual=" + found);
        }
        try {
            return Long.parseLong(header.metadata().getOrDefault(STEPS_KEY, ""));
        } catch (NumberFormatException e) {
            throw new ModelFileException("checkpoint has no number of steps: file=" + file, e);
        }
    }

    /** The first words of a recipe in which it differs from another one. */
    private static String difference(String own, String other) {
        int at = 0;
        while (at < Math.min(own.length(), other.length()) && own.charAt(at) == other.charAt(at)) {
            at++;
        }
        int from = at;
        while (from > 0 && !isSeparator(own.charAt(from - 1))) {
            from--;
        }
        int to = at;
        while (to < own.length() && !isSeparator(own.charAt(to))) {
            to++;
        }
        return from < to ? own.substring(from, to) : "nothing";
    }

    private static boolean isSeparator(char character) {
        return " ,[]".indexOf(character) >= 0;
    }

    private static boolean matches(List<Integer> shape, int[] expected) {
        boolean same = shape.size() == expected.length;
        for (int axis = 0; same && axis < expected.length; axis++) {
            same = shape.get(axis) == expected[axis];
        }
        return same;
    }
}
