package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The kernels in the jar were compiled from the sources beside it. */
class KernelSourceTest {
    private static final Path SOURCES = Path.of("src/main/cuda");

    @Test
    void resourceWasBuiltFromTheSources() throws IOException, NoSuchAlgorithmException {
        Assumptions.assumeTrue(Files.isDirectory(SOURCES), "the kernels' sources are not beside the tests");
        Properties built = new Properties();
        try (InputStream in = CudaDevice.class.getResourceAsStream("kernels.properties")) {
            assertThat(in).as("run native/cuda/build-kernels.sh, and commit what it makes").isNotNull();
            built.load(in);
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (Stream<Path> files = Files.list(SOURCES)) {
            for (Path file : sorted(files)) {
                digest.update(file.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
                digest.update(Files.readAllBytes(file));
            }
        }
        assertThat(built.getProperty("sources.sha256"))
                .as("run native/cuda/build-kernels.sh, and commit what it makes").isEqualTo(HexFormat.of().formatHex(
                        digest.digest()));
        assertThat(built.getProperty("compiler")).isNotBlank();
    }

    private static List<Path> sorted(Stream<Path> files) {
        return files.sorted().toList();
    }
}
