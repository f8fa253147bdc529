package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.clip4j.kernels.reference.ReferenceBackend;
import org.junit.jupiter.api.Test;

class BackendsTest {
    private static final BackendOptions F32 = new BackendOptions(1, Precision.F32);

    /** A provider that answers as told; what it opens is the reference backend. */
    private record Told(String name, String device, int rank, Probe probe) implements BackendProvider {
        @Override
        public Backend open(BackendOptions options) {
            probe.require(name, options.precision());
            return new ReferenceBackend();
        }
    }

    private final UnsatisfiedLinkError cause = new UnsatisfiedLinkError("libfast.so");
    private final Told broken = new Told("broken", "cpu", 100,
            Probe.unusable("libfast.so not found; install it", cause));
    private static final Told HALF = new Told("half", "cpu", 90, Probe.usable("only half", Precision.F16));
    private static final Told SOUND = new Told("sound", "cpu", 50, Probe.usable("sound", Precision.F32));
    private static final Told SLOW = new Told("slow", "cpu", 10, Probe.usable("slow", Precision.F32));

    private static String reason(List<BackendProvider> providers, String name) {
        Backends.Selection selection = Backends.select(providers, "cpu", name, F32);
        selection.backend().close();
        return selection.reason();
    }

    @Test
    void autoTakesTheHighestUsableRankAndSaysWhatItSkipped() {
        assertThat(reason(List.of(SOUND, SLOW), Backends.AUTO)).contains("fastest that is usable")
                .doesNotContain("not usable").doesNotContain("slow:");
        assertThat(reason(List.of(broken, HALF, SOUND, SLOW), Backends.AUTO)).contains("backend 'reference'")
                .contains("precision f32", "threads 1", "broken: libfast.so not found; install it",
                        "half: offers precisions [f16]")
                .doesNotContain("slow:").doesNotContain("\n");
    }

    @Test
    void autoFailsWithTheReasonsWhenNoneIsUsable() {
        assertThatThrownBy(() -> Backends.select(List.of(broken, HALF), "cpu", Backends.AUTO, F32))
                .isInstanceOf(BackendException.class)
                .hasMessageContainingAll("device 'cpu'", "precision 'f32'", "broken: libfast.so not found", "half:")
                .hasCause(cause);
    }

    @Test
    void aNamedBackendThatCannotRunIsAnErrorWithItsCause() {
        assertThatThrownBy(() -> Backends.select(List.of(broken, SOUND), "cpu", "broken", F32))
                .isInstanceOf(BackendException.class).hasMessageContaining("libfast.so not found").hasCause(cause);
        assertThat(reason(List.of(broken, SOUND), "sound")).contains("chosen by name").doesNotContain("broken");
    }

    @Test
    void anUnknownNameListsTheKnownOnes() {
        assertThatThrownBy(() -> Backends.select(List.of(SOUND, SLOW), "cpu", "quick", F32))
                .isInstanceOf(BackendException.class).hasMessageContainingAll("unknown backend 'quick'", "sound,slow");
        assertThatThrownBy(() -> Backends.select(List.of(SOUND), "cuda", Backends.AUTO, F32))
                .isInstanceOf(BackendException.class).hasMessageContainingAll("device 'cuda'", "devices=[cpu]");
    }

    @Test
    void theRegisteredProvidersComeFastestFirst() {
        assertThat(Backends.providers()).extracting(BackendProvider::name).containsSubsequence("java", "reference");
        try (Backend backend = Backends.open("cpu", "java", new BackendOptions(2, Precision.F32))) {
            assertThat(backend.name()).isEqualTo("java");
            assertThat(backend.threads()).isEqualTo(2);
        }
    }

    @Test
    void builtInBackendsRefuseOtherPrecisionsAndNoThreads() {
        for (String name : List.of("java", "reference")) {
            assertThatThrownBy(() -> Backends.open("cpu", name, new BackendOptions(1, Precision.BF16)))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContainingAll(name, "asked=bf16", "offered=[f32]", "choose one");
        }
        assertThatThrownBy(() -> new BackendOptions(0, Precision.F32)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("threads=0");
        assertThat(BackendOptions.defaults().threads()).isPositive();
    }
}
