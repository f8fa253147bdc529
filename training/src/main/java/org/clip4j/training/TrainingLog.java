package org.clip4j.training;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A file of JSON lines, one for each step. Lines of steps that a resumed training takes again are dropped. */
final class TrainingLog implements AutoCloseable {
    private final BufferedWriter writer;

    private TrainingLog(BufferedWriter writer) {
        this.writer = writer;
    }

    /** Opens a log for appending, with the lines of the first {@code steps} steps that it already has. */
    static TrainingLog open(Path file, long steps) throws IOException {
        List<String> kept = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                if (step(line) <= steps) {
                    kept.add(line);
                }
            }
        }
        Path temporary = file.resolveSibling("." + file.getFileName() + ".part");
        Files.write(temporary, kept, StandardCharsets.UTF_8);
        Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
        return new TrainingLog(
                Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND));
    }

    /** The step of a line; beyond all steps for a line that was cut off when a training was killed. */
    private static long step(String line) {
        try {
            Map<String, Object> fields = JSON.std.mapFrom(line);
            return fields.get("step") instanceof Number number ? number.longValue() : Long.MAX_VALUE;
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    void append(Progress progress) throws IOException {
        writer.write(JSON.std.asString(progress.fields()));
        writer.write('\n');
        writer.flush();
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
