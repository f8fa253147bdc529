package org.clip4j.similarity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.clip4j.kernels.DType;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.SafetensorsHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingFileTest {
    @TempDir
    Path folder;

    private Path made(int rows) throws IOException {
        Path path = folder.resolve("made-" + rows + ".safetensors");
        try (EmbeddingFile file = EmbeddingFile.create(path, 3, DType.F16)) {
            for (int row = 0; row < rows; row++) {
                file.append(new float[]{row, 1, -0.5f});
            }
        }
        return path;
    }

    @Test
    void isASafetensorsFile() throws IOException {
        Path path = made(5);
        try (FileChannel channel = FileChannel.open(path)) {
            SafetensorsHeader header = SafetensorsHeader.read(channel, "made");
            assertThat(header.tensors()).containsExactly(new SafetensorsHeader.Entry("embeddings", DType.F16,
                    List.of(5, 3), 0, 30));
        }
        try (EmbeddingFile file = EmbeddingFile.open(path)) {
            assertThat(file.rows()).isEqualTo(5);
            assertThat(file.width()).isEqualTo(3);
            assertThat(file.stored()).isEqualTo(DType.F16);
            assertThat(file.map().block(0).get(4, 0)).isEqualTo(4);
            assertThat(file.map().block(0).get(4, 2)).isEqualTo(-0.5);
            assertThatThrownBy(() -> file.append(new float[3])).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("read only");
        }
        assertThatThrownBy(() -> EmbeddingFile.create(path, 3, DType.F16))
                .isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void takesFilesOfOthersButDoesNotAppendToThem() throws IOException {
        Path path = written("{\"embeddings\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", 24);
        try (EmbeddingFile file = EmbeddingFile.open(path)) {
            assertThat(file.rows()).isEqualTo(2);
            assertThat(file.map().rows()).isEqualTo(2);
        }
        assertThatThrownBy(() -> EmbeddingFile.openToAppend(path)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("no room in its header");
        assertThatThrownBy(() -> EmbeddingFile.recover(path)).isInstanceOf(ModelFileException.class);
    }

    private Path written(String json, int dataBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length() + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length()).put(json.getBytes(StandardCharsets.UTF_8));
        return Files.write(folder.resolve("written.safetensors"), bytes.array());
    }

    @Test
    void refusesOtherFiles() throws IOException {
        assertThatThrownBy(() -> EmbeddingFile.open(written("{}", 0))).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("not a file of embeddings");
        assertThatThrownBy(() -> EmbeddingFile.open(written(
                "{\"embeddings\":{\"dtype\":\"I8\",\"shape\":[2,3],\"data_offsets\":[0,6]}}", 6)))
                .isInstanceOf(ModelFileException.class).hasMessageContaining("stored=I8");
        assertThatThrownBy(() -> EmbeddingFile.open(written(
                "{\"embeddings\":{\"dtype\":\"F32\",\"shape\":[2,0],\"data_offsets\":[0,0]}}", 0)))
                .isInstanceOf(ModelFileException.class).hasMessageContaining("width=0");
        assertThatThrownBy(() -> EmbeddingFile.open(written(
                "{\"embeddings\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]}}", 24)))
                .isInstanceOf(ModelFileException.class).hasMessageContaining("[N, E]");
        assertThatThrownBy(() -> EmbeddingFile.open(folder)).isInstanceOf(IOException.class);
    }

    @Test
    void recoversFromAnAppendThatWasCutOff() throws IOException {
        Path path = made(4);
        assertThat(EmbeddingFile.recover(path)).isZero();
        Files.write(path, new byte[11], StandardOpenOption.APPEND);
        assertThatThrownBy(() -> EmbeddingFile.open(path)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("belong to no tensor");
        assertThat(EmbeddingFile.recover(path)).isEqualTo(11);
        try (EmbeddingFile file = EmbeddingFile.openToAppend(path)) {
            assertThat(file.append(new float[3])).isEqualTo(4);
        }
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 1);
        }
        assertThatThrownBy(() -> EmbeddingFile.recover(path)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("truncated");
    }
}
