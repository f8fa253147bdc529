package org.clip4j.javacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import org.clip4j.kernels.reference.ReferenceBackend;
import org.junit.jupiter.api.Test;

class CpuLibraryProviderTest {
    private static final BackendOptions F32 = new BackendOptions(1, Precision.F32);

    private final List<String> opened = new ArrayList<>();

    private CpuLibraryProvider provider(Supplier<Probe> library) {
        return new CpuLibraryProvider("fast", "FastLibrary") {
            @Override
            public int rank() {
                return 1;
            }

            @Override
            protected Probe load() {
                return library.get();
            }

            @Override
            protected Backend open(BackendOptions options, String description) {
                opened.add(description);
                return new ReferenceBackend();
            }
        };
    }

    @Test
    void opensWhatTheLibraryOffers() {
        CpuLibraryProvider provider = provider(() -> Probe.usable("FastLibrary 2", Precision.F32, Precision.BF16));
        assertThat(provider.name()).isEqualTo("fast");
        assertThat(provider.device()).isEqualTo("cpu");
        provider.open(F32).close();
        assertThat(opened).containsExactly("FastLibrary 2");
        assertThatThrownBy(() -> provider.open(new BackendOptions(1, Precision.INT8)))
                .isInstanceOf(BackendException.class)
                .hasMessage("backend 'fast' does not offer this precision here: asked=int8 offered=[f32, bf16];"
                        + " choose one of these");
        assertThat(opened).hasSize(1);
    }

    @Test
    void whatGoesWrongWhileLoadingIsTheProbesAnswer() {
        NativeLibraryException explained = new NativeLibraryException("no room; set CLIP4J_CACHE", null);
        UnsatisfiedLinkError bare = new UnsatisfiedLinkError("libfast.so: no such symbol");
        assertRefused(() -> {
            throw explained;
        }, "no room; set CLIP4J_CACHE", explained);
        assertRefused(() -> {
            throw bare;
        }, "FastLibrary cannot be loaded: libfast.so: no such symbol", bare);
    }

    private void assertRefused(Supplier<Probe> library, String reason, Throwable cause) {
        CpuLibraryProvider provider = provider(library);
        assertThat(provider.probe()).isEqualTo(Probe.unusable(reason, cause));
        assertThatThrownBy(() -> provider.open(F32)).isInstanceOf(BackendException.class)
                .hasMessage("backend 'fast' cannot be used: " + reason).hasCause(cause);
        assertThat(opened).isEmpty();
    }
}
