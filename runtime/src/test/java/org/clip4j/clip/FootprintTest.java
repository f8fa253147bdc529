package org.clip4j.clip;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is said of memory that was lacking. */
class FootprintTest {
    private final OutOfMemoryError error = new OutOfMemoryError("there is no such block");

    @Test
    void namesTheLargestSizeThatWouldFit() {
        OutOfMemoryError explained = Footprint.explain(error, "maxTexts", 100, 350, size -> 50L + 10L * size);
        assertThat(explained).hasMessageContaining("maxTexts=100 neededBytes=1050 freeBytes=350; maxTexts=30 would fit")
                .hasMessageContaining(error.getMessage()).hasCause(error);
    }

    @Test
    void saysThatNotEvenOneFits() {
        assertThat(Footprint.explain(error, "maxTexts", 100, 59, size -> 50L + 10L * size))
                .hasMessageContaining("not even one fits");
    }

    /** Pinned memory of the host, then, which no smaller footprint on the device would help with. */
    @Test
    void leavesAnErrorAsItIsWhereTheDeviceHasEnough() {
        assertThat(Footprint.explain(error, "maxTexts", 100, 1050, size -> 50L + 10L * size)).isSameAs(error);
        assertThat(Footprint.explain(error, "maxTexts", 100, 1049, size -> 50L + 10L * size))
                .hasMessageContaining("maxTexts=99 would fit");
    }

    @Test
    void leavesAnErrorAsItIsWhereTheDeviceDoesNotTellWhatIsFree() {
        assertThat(Footprint.explain(error, "maxTexts", 100, Long.MAX_VALUE, size -> Long.MAX_VALUE)).isSameAs(error);
    }
}
