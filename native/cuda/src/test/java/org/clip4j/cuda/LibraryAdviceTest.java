package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.clip4j.javacpp.NativeLibraryException;
import org.clip4j.kernels.Probe;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LibraryAdviceTest {
    @ParameterizedTest
    @CsvSource({"libcuda.so.1, no NVIDIA driver", "libcudart.so.13, libcudart.so.13 not found",
            "libcublasLt.so.13, libcublasLt.so.13 not found", "libcublas.so.13, libcublas.so.13 not found"})
    void namesTheMissingLibraryAndTheRemedy(String library, String says) {
        String advice = LibraryAdvice.of(new NativeLibraryException("a native library cannot be loaded: " + library
                + ": cannot open shared object file: No such file or directory", null));
        assertThat(advice).startsWith(says).contains("--device cpu").doesNotContain("\n");
    }

    @Test
    void aDriverThatFailsIsNamedWithItsStatus() {
        assertThat(LibraryAdvice.ofDriver(new CudaException("cudaGetDeviceCount failed: status=35")))
                .contains("status=35", "nvidia-smi", "--device cpu");
    }

    @Test
    void theProbeAnswersWithoutACard() {
        Probe probe = new CudaBackendProvider().probe();
        if (!probe.usable()) {
            assertThat(probe.detail()).contains("--device cpu");
            assertThat(probe.precisions()).isEmpty();
        }
    }
}
