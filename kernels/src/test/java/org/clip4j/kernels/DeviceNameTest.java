package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceNameTest {
    @ParameterizedTest
    @CsvSource({"cpu, cpu, 0, cpu", "cuda, cuda, 0, cuda", "cuda:0, cuda, 0, cuda", "cuda:12, cuda, 12, cuda:12"})
    void takesKindsAndNumbers(String name, String kind, int index, String shown) {
        DeviceName device = DeviceName.parse(name);
        assertThat(device).isEqualTo(new DeviceName(kind, index)).hasToString(shown);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cuda:", "cuda:-1", "cuda:x", "CUDA", "cuda:99999", "cuda 1"})
    void refusesWhatIsNeither(String name) {
        assertThatThrownBy(() -> DeviceName.parse(name)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("device=" + name).hasMessageContaining("cuda:1");
    }

    @Test
    void aTensorOfADeviceHasAnAddressAndNoBytes() {
        Tensor tensor = Tensor.onDevice(DType.F16, 4096, 6, 8);
        assertThat(tensor.isOnDevice()).isTrue();
        assertThat(tensor.rows(2, 4).address()).isEqualTo(4096 + 2 * 8 * 2);
        assertThat(tensor.columns(3, 5).address()).isEqualTo(4096 + 3 * 2);
        assertThat(tensor.columns(3, 5).rows(1, 2).address()).isEqualTo(4096 + (8 + 3) * 2);
        assertThat(tensor.prefix(3, 4).rows()).isEqualTo(3);
        assertThat(tensor.reshape(8, 6).columns()).isEqualTo(6);
        assertThatThrownBy(tensor::bytes).isInstanceOf(IllegalStateException.class).hasMessageContaining("download");
        assertThatThrownBy(() -> tensor.get(0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(tensor::floats).isInstanceOf(IllegalStateException.class);
    }
}
