package org.clip4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.clip4j.kernels.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A model file appears whole or not at all. */
class ModelFileWriterTest {
    private static final ClipConfig CONFIG = Models.transformer();

    @TempDir
    Path folder;

    private ModelFileWriter onFullDisk(Path target, long roomBytes) throws IOException {
        return ModelFileWriter.create(target, CONFIG, Models.SOURCE, Models.entries(CONFIG, DType.F32),
                file -> new FullDisk(
                        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), roomBytes));
    }

    @Test
    void aFullDiskLeavesTheOldFileAndNoOther() throws IOException {
        Path target = Files.writeString(folder.resolve("model.safetensors"), "old");
        assertThatThrownBy(() -> onFullDisk(target, 100).close()).isInstanceOf(IOException.class)
                .hasMessageContaining("No space left on device").hasMessageContaining("file=" + target);
        try (ModelFileWriter writer = onFullDisk(target, 12_000)) {
            assertThatThrownBy(() -> writer.write("token_embedding.weight", 0, ByteBuffer.allocate(517 * 16 * 4)))
                    .isInstanceOf(IOException.class).hasMessageContaining("No space left on device")
                    .hasMessageMatching("[^\\n]+");
        }
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(target));
        assertThat(target).hasContent("old");
    }

    @Test
    void closingWithoutCommitLeavesTheOldFileAndNoOther() throws IOException {
        Path target = Files.writeString(folder.resolve("model.safetensors"), "old");
        ModelFileWriter.create(target, CONFIG, Models.SOURCE, Models.entries(CONFIG, DType.F32)).close();
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(target));
        assertThat(target).hasContent("old");
    }

    @Test
    void refusesToCommitWhatIsNotComplete() throws IOException {
        Path target = folder.resolve("model.safetensors");
        try (ModelFileWriter writer = ModelFileWriter.create(target, CONFIG, Models.SOURCE,
                Models.entries(CONFIG, DType.F32))) {
            assertThatThrownBy(writer::commit).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("actualBytes=0");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void commitReplacesTheOldFile() throws IOException {
        Path target = Files.writeString(folder.resolve("model.safetensors"), "old");
        Models.write(target, CONFIG, Models.entries(CONFIG, DType.F32));
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(target));
        ModelFile.open(target).close();
    }

    @Test
    void refusesPartsOutsideTheirTensor() throws IOException {
        try (ModelFileWriter writer = ModelFileWriter.create(folder.resolve("a"), CONFIG, Models.SOURCE,
                Models.entries(CONFIG, DType.F32))) {
            for (long offset : new long[]{-1, 61, Long.MAX_VALUE}) {
                assertThatThrownBy(() -> writer.write("ln_final.bias", offset, ByteBuffer.allocate(4)))
                        .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("name=ln_final.bias");
            }
            assertThatThrownBy(() -> writer.write("none", 0, ByteBuffer.allocate(4)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void saysWhereItCannotWrite() {
        for (Path target : List.of(folder, folder.resolve("none/model.safetensors"))) {
            assertThatThrownBy(() -> ModelFileWriter.create(target, CONFIG, Models.SOURCE, List.of()))
                    .isInstanceOf(ModelFileException.class).hasMessageContaining("file=" + target);
        }
    }

    /** Begins a file, says so, and waits to be killed. */
    static final class Begins {
        private Begins() {}

        @SuppressWarnings("resource") // never closed: that is what the test is about
        public static void main(String[] args) throws Exception {
            ModelFileWriter.create(Path.of(args[0]), CONFIG, Models.SOURCE, Models.entries(CONFIG, DType.F32));
            System.out.println("begun");
            Thread.sleep(60_000);
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "Process.destroy does not run shutdown hooks there")
    void aKilledProgramLeavesTheOldFileAndNoOther() throws Exception {
        Path target = Files.writeString(folder.resolve("model.safetensors"), "old");
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Begins.class.getName(), target.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader out = process.inputReader()) {
            assertThat(out.readLine()).isEqualTo("begun");
            assertThat(folder).isDirectoryContaining(path -> path.toString().endsWith(".part"));
            process.destroy();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(folder).isDirectoryNotContaining(path -> !path.equals(target));
        assertThat(target).hasContent("old");
    }
}
