package org.clip4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PeerTest {
    @Test
    void isFoundByName() {
        Peer peer = Peer.named("onnxruntime").orElseThrow();
        assertThat(peer.title()).isEqualTo("ONNX Runtime");
        assertThat(peer.description()).matches("ONNX Runtime \\d+\\.\\d+\\.\\d+");
        assertThat(PeerBenchmark.inTurns(peer)).isEqualTo("clip4j+onnxruntime");
    }

    @Test
    void isNotThereUnderAnotherName() {
        assertThat(Peer.named("onnx")).isEmpty();
    }
}
