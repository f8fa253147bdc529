package org.clip4j.openblas;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Says which products are faster in tiles. For AVX-512, OpenBLAS has kernels that multiply small matrices where they lie;
 * all others first copy the weights into another order, which for few rows takes longer than multiplying. Tiles that are
 * just small enough get those kernels: measured on a server Xeon with one thread, the products of a ViT-B/32 block for
 * one image take 93 instead of 107 ms, those of a text of 8 tokens 10 instead of 24 ms, but those of 400 rows 624
 * instead of 531 ms. Stateless.
 */
final class SmallProducts {
    /** Rows of A, columns of C and depth of a tile. */
    static final int TILE_ROWS = 8;
    static final int TILE_COLUMNS = 128;
    static final int TILE_DEPTH = 768;
    /** Up to so many rows tiles are faster; measured between 77 and 400. */
    static final int MAX_ROWS = 128;
    /** m * n * k up to which OpenBLAS takes its small kernels: OpenBLAS, kernel/x86_64/sgemm_small_kernel_permit_skylakex.c. */
    static final long MAX_VOLUME = 100L * 100 * 100;

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    private SmallProducts() {}

    /** True when tiles pay on this machine; false where that cannot be told. */
    static boolean available() {
        String architecture = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        if (!architecture.equals("amd64") || !Files.isReadable(CPUINFO)) {
            return false;
        }
        try (Stream<String> lines = Files.lines(CPUINFO)) {
            return lines.filter(line -> line.startsWith("flags")).findFirst()
                    .map(flags -> flags.contains(" avx512f") && flags.contains(" avx512vl")).orElse(false);
        } catch (IOException e) {
            // Whole products are right everywhere, tiles are only faster.
            return false;
        }
    }

    /** True when a product with transposed weights is to be cut into tiles. */
    static boolean inTiles(int m, int n, int k) {
        return m <= MAX_ROWS && (long) m * n * k > MAX_VOLUME;
    }
}
