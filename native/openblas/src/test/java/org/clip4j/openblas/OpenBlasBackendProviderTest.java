package org.clip4j.openblas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenBlasBackendProviderTest {
    private static final BackendOptions ONE_THREAD = new BackendOptions(1, Precision.F32);

    @TempDir
    Path folder;

    @Test
    void autoPrefersItToPlainJava() {
        Backends.Selection selection = Backends.select("cpu", Backends.AUTO, ONE_THREAD);
        try (Backend backend = selection.backend()) {
            assertThat(backend.name()).isEqualTo("openblas");
            assertThat(selection.reason()).contains("backend 'openblas' (OpenBLAS", "fastest that is usable");
        }
    }

    @Test
    void offersSinglePrecisionOnly() {
        OpenBlasBackendProvider provider = new OpenBlasBackendProvider();
        assertThat(provider.probe().precisions()).containsExactly(Precision.F32);
        assertThatThrownBy(() -> provider.open(new BackendOptions(1, Precision.INT8)))
                .isInstanceOf(BackendException.class)
                .hasMessageContainingAll("openblas", "offered=[f32]", "asked=int8");
    }

    @Test
    void refusesTensorsWhoseAddressItCannotKnow() {
        try (Backend backend = new OpenBlasBackendProvider().open(ONE_THREAD);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            Linear linear = backend.linear(arena, arena.allocate(DType.F32, 3, 4), null, Activation.NONE);
            Tensor good = arena.allocate(DType.F32, 2, 4);
            Tensor elsewhere = Tensor.allocate(DType.F32, 2, 4);
            assertThatThrownBy(() -> linear.run(context, elsewhere, 2, good)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll("own arena", "F32[2, 4]");
            assertThatThrownBy(() -> linear.run(context, good, 2, elsewhere)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> linear.run(context, arena.allocate(DType.F16, 2, 4), 2, good))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("F16");
            Tensor heap = Tensor.of(ByteBuffer.allocate(48), DType.F32, Tensor.NO_ADDRESS, 3, 4);
            assertThatThrownBy(() -> backend.linear(arena, heap, null, Activation.NONE))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("direct or mapped");
        }
    }

    @Test
    void usesMappedWeightsWhereTheyLie() throws IOException {
        Path file = folder.resolve("weights");
        // Not aligned to anything: the header of a file may have any length.
        Files.write(file, new byte[]{1, 2, 3, 0, 0, (byte) 0x80, 0x3F, 0, 0, 0, 0x40});
        try (FileChannel channel = FileChannel.open(file);
                Backend backend = new OpenBlasBackendProvider().open(ONE_THREAD);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            ByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 3, 8);
            Tensor weight = Tensor.of(mapped, DType.F32, Tensor.NO_ADDRESS, 2, 1);
            Linear linear = backend.linear(arena, weight, null, Activation.NONE);
            assertThat(arena.sizeBytes()).isZero();
            Tensor x = arena.allocate(DType.F32, 1, 1);
            x.set(0, 5);
            Tensor out = arena.allocate(DType.F32, 1, 2);
            linear.run(context, x, 1, out);
            assertThat(out.get(0)).isEqualTo(5);
            assertThat(out.get(1)).isEqualTo(10);
        }
    }
}
