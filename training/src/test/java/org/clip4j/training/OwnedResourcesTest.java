package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OwnedResourcesTest {
    @Test
    void closesTheLastFirstAndAllOfThemOnce() {
        List<Integer> closed = new ArrayList<>();
        OwnedResources resources = new OwnedResources();
        resources.add(() -> closed.add(1));
        resources.add(() -> {
            throw new IOException("broken");
        });
        resources.add(() -> closed.add(3));
        assertThatThrownBy(resources::close).isInstanceOf(IllegalStateException.class).rootCause()
                .hasMessage("broken");
        resources.close();
        assertThat(closed).containsExactly(3, 1);
    }
}
