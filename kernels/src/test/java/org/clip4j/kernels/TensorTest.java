package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class TensorTest {
    private static Tensor counted(int... shape) {
        Tensor tensor = Tensor.allocate(DType.F32, shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, i);
        }
        return tensor;
    }

    @Test
    void looksAtAllAxesButTheLastAsRows() {
        Tensor tensor = counted(2, 3, 5);
        assertThat(tensor.rows()).isEqualTo(6);
        assertThat(tensor.columns()).isEqualTo(5);
        assertThat(tensor.elements()).isEqualTo(30);
        assertThat(tensor.rowStride()).isEqualTo(5);
        assertThat(tensor.get(4, 3)).isEqualTo(23);
        assertThat(tensor).hasToString("F32[2, 3, 5]");
        assertThat(counted().rows()).isEqualTo(1);
        assertThat(counted().columns()).isEqualTo(1);
        assertThat(counted(7).rows()).isEqualTo(1);
    }

    @Test
    void viewsOfViewsShareTheMemory() {
        Tensor whole = counted(6, 10);
        Tensor view = whole.rows(1, 6).columns(2, 9).rows(1, 4).columns(3, 5);
        assertThat(view.shape()).containsExactly(3, 2);
        assertThat(view.rowStride()).isEqualTo(10);
        assertThat(view.isContiguous()).isFalse();
        assertThat(view.get(2, 1)).isEqualTo(whole.get(4, 6));
        view.set(0, 0, -1);
        assertThat(whole.get(2, 5)).isEqualTo(-1);
        assertThat(view.floats().capacity()).isEqualTo(2 * 10 + 2);
    }

    @Test
    void emptyViewsExistAtBothEnds() {
        Tensor columns = counted(3, 10).columns(2, 5);
        for (int at = 0; at <= 3; at++) {
            assertThat(columns.rows(at, at).shape()).containsExactly(0, 3);
            assertThat(columns.columns(at, at).shape()).containsExactly(3, 0);
            assertThat(columns.rows(at, at).columns(1, 2).shape()).containsExactly(0, 1);
        }
        assertThat(counted(0, 4).rows(0, 0).elements()).isZero();
        assertThat(counted(4, 0).rows()).isEqualTo(4);
    }

    @Test
    void rangesAreChecked() {
        Tensor tensor = counted(3, 4);
        assertThatThrownBy(() -> tensor.rows(-1, 2)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContainingAll("row", "from=-1", "to=2", "size=3");
        assertThatThrownBy(() -> tensor.rows(2, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> tensor.rows(0, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> tensor.columns(0, 5)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("column");
        assertThatThrownBy(() -> tensor.get(0, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> tensor.get(3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> tensor.get(-1, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> tensor.set(12, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        // 2^30 floats are 2^32 bytes, which as an int is position 0.
        assertThatThrownBy(() -> tensor.get(1 << 30)).isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> tensor.set(1 << 30, 0)).isInstanceOf(ArithmeticException.class);
    }

    @Test
    void refusesBuffersThatDoNotFitTheShape() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(24);
        assertThatThrownBy(() -> Tensor.of(bytes, DType.F32, Tensor.NO_ADDRESS, 2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("shape=[2, 2]", "expectedBytes=16", "actualBytes=24");
        assertThatThrownBy(() -> Tensor.of(bytes, DType.F32, Tensor.NO_ADDRESS, -2, -3))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("negative");
    }

    @Test
    void refusesSizesBeyondWhatAnIndexCounts() {
        ByteBuffer empty = ByteBuffer.allocateDirect(0);
        // 2^61 doubles are 2^64 bytes, which as a long is 0.
        assertThatThrownBy(() -> Tensor.of(empty, DType.F64, Tensor.NO_ADDRESS, 1 << 30, 1 << 30, 2))
                .isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> Tensor.of(empty, DType.F32, Tensor.NO_ADDRESS, 1 << 16, 1 << 16, 0))
                .isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> Tensor.allocate(DType.F32, 1 << 15, 1 << 14)).isInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> Tensor.elements(1 << 30, 1 << 30, 1 << 30)).isInstanceOf(ArithmeticException.class);
    }

    @Test
    void readsFromThePositionOfTheBufferInLittleEndianOrder() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(12);
        bytes.put(4, (byte) 1).position(4);
        Tensor tensor = Tensor.of(bytes, DType.I32, 1000, 2);
        assertThat(tensor.get(0)).isEqualTo(1);
        assertThat(bytes.position()).isEqualTo(4);
        assertThat(tensor.address()).isEqualTo(1000);
    }

    @Test
    void viewsKnowTheirAddress() {
        Tensor tensor = counted(4, 6).withAddress(4096);
        assertThat(tensor.rows(2, 4).address()).isEqualTo(4096 + 2 * 6 * 4);
        assertThat(tensor.columns(1, 3).rows(1, 2).address()).isEqualTo(4096 + (6 + 1) * 4);
        assertThat(tensor.reshape(24).address()).isEqualTo(4096);
        assertThat(counted(4, 6).rows(2, 4).address()).isEqualTo(Tensor.NO_ADDRESS);
        Tensor strided = counted(4, 6).columns(1, 3);
        assertThat(strided.withAddress(64).rowStride()).isEqualTo(6);
    }

    @Test
    void reshapesContiguousTensorsOnly() {
        Tensor tensor = counted(4, 6);
        assertThat(tensor.reshape(3, 8).get(1, 2)).isEqualTo(10);
        assertThat(tensor.rows(1, 3).reshape(12).get(0)).isEqualTo(6);
        assertThat(tensor.columns(1, 4).rows(2, 3).reshape(3, 1).get(2, 0)).isEqualTo(15);
        assertThatThrownBy(() -> tensor.reshape(5, 5)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("from=[4, 6]", "to=[5, 5]");
        assertThatThrownBy(() -> tensor.columns(0, 3).reshape(12)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("contiguous=false");
    }

    @Test
    void widensEveryType() {
        ByteBuffer bytes = ByteBuffer.allocateDirect(8);
        for (int i = 0; i < 8; i++) {
            bytes.put(i, (byte) 0xFF);
        }
        for (DType dtype : DType.values()) {
            Tensor tensor = Tensor.of(bytes, dtype, Tensor.NO_ADDRESS, 8 / dtype.sizeBytes());
            double expected = dtype.isFloatingPoint()
                    ? Double.NaN
                    : dtype == DType.U8 || dtype == DType.BOOL ? 255 : -1;
            assertThat(tensor.get(0)).as(dtype.name()).isEqualTo(Double.valueOf(expected));
            if (dtype.isFloatingPoint()) {
                tensor.set(0, 1.5);
                assertThat(tensor.get(0)).isEqualTo(1.5);
                bytes.putLong(0, -1);
            } else {
                assertThatThrownBy(() -> tensor.set(0, 1)).isInstanceOf(IllegalStateException.class);
            }
            if (dtype != DType.F32) {
                assertThatThrownBy(tensor::floats).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("dtype=" + dtype);
            }
        }
    }
}
