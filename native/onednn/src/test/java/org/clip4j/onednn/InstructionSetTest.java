package org.clip4j.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InstructionSetTest {
    @ParameterizedTest
    @CsvSource({"SSE41, sse41", "AVX2, avx2"})
    @EnabledOnOs(OS.LINUX)
    void isRightOnOlderProcessorsAndStartsNoThreads(String mask, String name)
            throws IOException, InterruptedException {
        boolean x86 = new OneDnnBackendProvider().probe().detail().contains("avx2")
                || new OneDnnBackendProvider().probe().detail().contains("avx512");
        if (!x86) {
            System.out.println("skipped: this processor has no AVX2 to mask");
        }
        assumeTrue(x86, "this processor has no AVX2 to mask");
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                MaskedProducts.class.getName()).redirectErrorStream(true);
        builder.environment().put("ONEDNN_MAX_CPU_ISA", mask);
        Process process = builder.start();
        try (InputStream printed = process.getInputStream()) {
            String output = new String(printed.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
            assertThat(output).contains(", " + name + ",", "right: f32", "right: bf16", "right: int8",
                    "threads started: 0");
        }
    }

    @Test
    void weightsKeepBelowWhatSixteenBitsHold() {
        for (int isa : List.of(0x1, 0x7, 0x27)) {
            assertThat(2 * 255 * CpuIsa.weightSteps(isa)).isLessThan(Short.MAX_VALUE);
        }
        for (int isa : List.of(0xf, 0x67, 0xe7, 0xfef)) {
            assertThat(CpuIsa.weightSteps(isa)).isEqualTo(Byte.MAX_VALUE);
        }
        assertThat(CpuIsa.hasBf16Products(0x67)).isFalse();
        assertThat(CpuIsa.hasBf16Products(0xfef)).isTrue();
        assertThat(CpuIsa.precisions(0x7)).contains("bf16 rounds weights", "7 bits");
    }
}
