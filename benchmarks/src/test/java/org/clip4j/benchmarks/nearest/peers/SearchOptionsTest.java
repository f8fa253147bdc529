package org.clip4j.benchmarks.nearest.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class SearchOptionsTest {
    @Test
    void readsArguments() {
        assertThat(SearchOptions.of("--peers", "--rows", "1_000", "--candidates", "20,50", "--json", "out.json",
                "--threads", "1", "--width", "8", "--seconds", "0.5"))
                .isEqualTo(new SearchOptions(1000, 8, 10, List.of(20, 50), 1, 0.5, Path.of("out.json")));
    }

    @Test
    void quickMeansFewerRowsButWhatIsGivenCounts() {
        assertThat(SearchOptions.of("--peers").rows()).isEqualTo(50_000);
        assertThat(SearchOptions.of("--rows", "7", "--quick").rows()).isEqualTo(7);
        assertThat(SearchOptions.of("--quick").rows()).isLessThan(50_000);
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> SearchOptions.of("--rows")).hasMessageContaining("--rows");
        assertThatThrownBy(() -> SearchOptions.of("--batch", "3")).hasMessageContaining("--batch");
        assertThatThrownBy(() -> SearchOptions.of("--rows", "0")).hasMessageContaining("rows=0");
        assertThatThrownBy(() -> SearchOptions.of("--candidates", "9")).hasMessageContaining("candidates=[9]");
        assertThatThrownBy(() -> SearchOptions.of("--rows", "many")).isInstanceOf(NumberFormatException.class);
    }
}
