package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.clip4j.javacpp.NativeLibraryException;
import org.clip4j.kernels.Probe;
import org.junit.jupiter.api.Test;

class CudnnLibraryTest {
    @Test
    void saysItsVersion() {
        assertThat(new CudnnLibrary(91900, null).description()).isEqualTo("cudnn 9.19.0");
        assertThat(new CudnnLibrary(90501, null).description()).isEqualTo("cudnn 9.5.1");
    }

    @Test
    void saysWhichLibraryIsMissing() {
        String advice = LibraryAdvice.ofCudnn(new NativeLibraryException("a native library cannot be loaded: "
                + "libjnicudnn.so: libcudnn_cnn.so.9: cannot open shared object file: No such file or directory",
                null));
        assertThat(advice).startsWith("libcudnn_cnn.so.9 not found; ").contains("nvidia-cudnn-cu13");
        assertThat(new CudnnLibrary(0, advice).description()).isEqualTo("without cudnn: " + advice)
                .doesNotContain("\n");
        assertThat(LibraryAdvice.ofCudnn(new NativeLibraryException("the native jar is missing", null)))
                .isEqualTo("the native jar is missing");
    }

    @Test
    void loadingAnswersWhetherOrNotItIsThere() {
        CudnnLibrary library = CudnnLibrary.load();
        assertThat(library.isUsable()).isEqualTo(library.version() >= 90_000);
        assertThat(CudnnLibrary.load()).isEqualTo(library);
        Probe probe = new CudaBackendProvider().probeFully();
        if (probe.usable()) {
            assertThat(probe.detail()).startsWith(new CudaBackendProvider().probe().detail())
                    .endsWith(library.description());
        } else {
            assertThat(probe.detail()).doesNotContain("cudnn");
        }
    }
}
