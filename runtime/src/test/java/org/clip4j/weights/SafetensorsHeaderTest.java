package org.clip4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.clip4j.kernels.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A safetensors file can be wrong in many ways, and each has its own message. */
class SafetensorsHeaderTest {
    @TempDir
    Path folder;

    private static SafetensorsHeader read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return SafetensorsHeader.read(channel, file.getFileName().toString());
        }
    }

    @Test
    void readsTensorsInTheOrderOfTheirBytes() throws IOException {
        Path file = Models.raw(folder.resolve("a.safetensors"),
                "{\"__metadata__\":{\"format\":\"pt\"},\"b\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[4,8]},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
                        + "\"none\":{\"dtype\":\"I64\",\"shape\":[0,3],\"data_offsets\":[4,4]}}  ",
                8);
        SafetensorsHeader header = read(file);
        assertThat(header.metadata()).containsEntry("format", "pt").hasSize(1);
        assertThat(header.tensors()).extracting(SafetensorsHeader.Entry::name).containsExactly("a", "none", "b");
        assertThat(header.tensors().get(2).dtype()).isEqualTo(DType.F16);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {
            "[]|0|does not start with '{'",
            "{\"a\"|0|not valid JSON",
            "{} x|0|not valid JSON",
            "{}{}|0|goes on behind its last brace",
            "{\"a\":1}|0|unexpected value",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}|0|lacks dtype, shape or two data_offsets",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}|0|lacks dtype, shape or two data_offsets",
            "{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}|4|unknown dtype",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}|4|unknown field",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}|4|unexpected value",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}|4|negative number",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}|4|too many numbers",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}|4|ends before it begins",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}|4|expectedBytes=8 actualBytes=4",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,4],\"data_offsets\":[0,4]}}|4|too large",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}|4|not valid JSON",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}|8|leaves bytes unused before it",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}|8|belong to no tensor",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}|3|truncated",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],"
                    + "\"data_offsets\":[4,8]}}|8|overlaps the tensor before it",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],"
                    + "\"data_offsets\":[4,8]}}|8|Duplicate field",
            "{\"__metadata__\":{\"a\":1}}|0|unexpected value",
            "{\"a\":[[[[[[]]]]]]}|0|unexpected value"})
    void refusesWithAMessageOfItsOwn(String header, int dataBytes, String message) throws IOException {
        Path file = Models.raw(folder.resolve("bad.safetensors"), header, dataBytes);
        assertThatThrownBy(() -> read(file)).isInstanceOf(ModelFileException.class).hasMessageContaining(message)
                .hasMessageContaining("bad.safetensors").hasMessageMatching("[^\\n]+");
    }

    @Test
    void refusesLyingHeaderLengths() throws IOException {
        for (long length : new long[]{0, 1, 100, SafetensorsHeader.MAX_HEADER_BYTES + 1L, -1, Long.MAX_VALUE}) {
            byte[] bytes = new byte[50];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);
            Path file = Files.write(folder.resolve("bad.safetensors"), bytes);
            assertThatThrownBy(() -> read(file)).isInstanceOf(ModelFileException.class);
        }
    }

    @Test
    void truncatedAndAlteredFilesNeverThrowAnythingElse() throws IOException {
        Path sound = Models.write(folder.resolve("sound.safetensors"), Models.transformer(),
                Models.entries(Models.transformer(), DType.F32));
        byte[] bytes = Files.readAllBytes(sound);
        int headerEnd = 8 + Models.header(sound).length();
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 500; i++) {
            byte[] altered = i % 4 == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes.clone();
            for (int flips = random.nextInt(4); i % 4 != 0 && flips >= 0; flips--) {
                altered[random.nextInt(headerEnd)] = (byte) random.nextInt();
            }
            Path file = Files.write(folder.resolve("altered.safetensors"), altered);
            try (ModelFile model = ModelFile.open(file)) {
                assertThat(model.entries()).isNotEmpty();
            } catch (ModelFileException e) {
                assertThat(e.getMessage()).doesNotContain("\n");
            } catch (RuntimeException e) {
                fail("seed=" + seed + " iteration=" + i, e);
            }
        }
    }
}
