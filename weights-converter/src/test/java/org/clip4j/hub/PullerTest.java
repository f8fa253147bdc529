package org.clip4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.clip4j.kernels.DType;
import org.clip4j.testing.LoopbackHub;
import org.clip4j.testing.LoopbackHub.Fault;
import org.clip4j.weights.ModelFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models come from a hub into the shared cache and are converted, or nothing is left behind. */
class PullerTest extends PullFixture {
    @ParameterizedTest
    @ValueSource(strings = {"hf_vit_f32", "hf_vit_bin", "hf_vit_gelu_sharded", "openclip_vit_gelu"})
    void fetchesIntoTheSharedCacheAndConverts(String golden) throws Exception {
        Path served = serve(golden, Fault.NONE, Fault.NONE);
        PulledModel model = pull();
        try (ModelFile file = ModelFile.open(model.path())) {
            file.checkFinite();
            assertThat(file.bpeMerges().isPresent()).isEqualTo(golden.startsWith("hf_"));
        }
        assertThat(repository().resolve("refs/main")).hasContent(LoopbackHub.COMMIT);
        try (Stream<Path> named = Files.list(repository().resolve("snapshots").resolve(LoopbackHub.COMMIT))) {
            for (Path file : named.toList()) {
                byte[] content = Files.readAllBytes(served.resolve(file.getFileName().toString()));
                assertThat(file).hasBinaryContent(content);
                String etag = content.length < 100_000
                        ? LoopbackHub.gitHash(content)
                        : LoopbackHub.sha256(content);
                assertThat(Files.readSymbolicLink(file)).hasToString("../../blobs/" + etag);
            }
        }
        assertThat(repository().resolve("blobs"))
                .isDirectoryNotContaining(file -> file.toString().contains("incomplete"));
        int requests = hub.hubRequests().size();
        assertThat(pull().path()).isEqualTo(model.path());
        assertThat(hub.hubRequests()).as("requests of the second pull").hasSize(requests);
    }

    @Test
    void fetchesOnlyWhatTheConversionReads() throws Exception {
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        pull();
        assertThat(repository().resolve("snapshots").resolve(LoopbackHub.COMMIT)).isDirectoryNotContaining(
                file -> !List.of("config.json", "preprocessor_config.json", "merges.txt", "vocab.json", WEIGHTS)
                        .contains(file.getFileName().toString()));
    }

    @Test
    void tokenGoesToTheHubAndNowhereElse() throws Exception {
        environment.put("HF_TOKEN", "hf_secret");
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        pull();
        assertThat(hub.hubRequests())
                .allSatisfy(
                        request -> assertThat(request.headers()).containsEntry("authorization", "Bearer hf_secret"));
        assertThat(hub.storeRequests()).isNotEmpty()
                .allSatisfy(request -> assertThat(request.headers()).doesNotContainKey("authorization"));
        assertThat(hub.storeRequests()).noneMatch(request -> request.toString().contains("hf_secret"));
    }

    @Test
    void refusesATokenThatIsNoneWithoutShowingIt() throws Exception {
        environment.put("HF_TOKEN", "hf_secret\nX-Header: x");
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining("HF_TOKEN")
                .hasMessageNotContaining("secret");
        assertThat(hub.hubRequests()).isEmpty();
    }

    @Test
    void readsTheTokenOfTheFileThatLoginWrites() throws Exception {
        Path hf = Files.createDirectory(folder.resolve("hf"));
        Files.writeString(hf.resolve("token"), "hf_of_file\n");
        environment.put("HF_HOME", hf.toString());
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        pull();
        assertThat(hub.hubRequests().get(0).headers()).containsEntry("authorization", "Bearer hf_of_file");
        assertThat(hf.resolve("hub/models--org--tiny-clip/refs/main")).exists();
    }

    @Test
    void reusesWhatAnotherProgramHasPutIntoTheCache() throws Exception {
        Path served = serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        byte[] weights = Files.readAllBytes(served.resolve(WEIGHTS));
        Files.createDirectories(repository().resolve("blobs"));
        Files.write(repository().resolve("blobs").resolve(LoopbackHub.sha256(weights)), weights);
        pull();
        assertThat(hub.storeRequests()).isEmpty();
    }

    @Test
    void worksOffline() throws Exception {
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        environment.put("HF_HUB_OFFLINE", "1");
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining("HF_HUB_OFFLINE");
        environment.remove("HF_HUB_OFFLINE");
        PulledModel model = pull();
        Files.delete(model.path());
        int requests = hub.hubRequests().size() + hub.storeRequests().size();
        environment.put("HF_HUB_OFFLINE", "ON");
        assertThat(pull().path()).isEqualTo(model.path());
        Files.delete(model.path());
        Files.delete(repository().resolve("snapshots").resolve(LoopbackHub.COMMIT).resolve(WEIGHTS));
        assertThatThrownBy(this::pull).hasMessageContaining("no whole model");
        assertThat(hub.hubRequests().size() + hub.storeRequests().size()).isEqualTo(requests);
    }

    @Test
    void copiesWhereLinksCannotBeMade() throws Exception {
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        HubCache cache = new HubCache(settings().hubCache(), (link, target) -> {
            throw new FileSystemException(link.toString(), null, "a required privilege is not held by the client");
        });
        new Puller(settings(), OpenAiCheckpoint.ALL, pauses::add, cache).pull(PullRequest.of(ID), PullListener.NONE);
        Path named = repository().resolve("snapshots").resolve(LoopbackHub.COMMIT).resolve(WEIGHTS);
        assertThat(Files.isSymbolicLink(named)).isFalse();
        assertThat(named).hasSameBinaryContentAs(folder.resolve("served/hf_vit_f32").resolve(WEIGHTS));
    }

    @Test
    void concurrentPullsFetchOnce() throws Exception {
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<PulledModel>> pulls = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                // Two variants at once, so that two of them want the same blobs.
                Optional<DType> dtype = i % 2 == 0 ? Optional.empty() : Optional.of(DType.BF16);
                pulls.add(pool.submit(() -> puller().pull(
                        new PullRequest(ID, Optional.empty(), Optional.empty(), dtype, Optional.empty()), listener())));
            }
            for (Future<PulledModel> pull : pulls) {
                try (ModelFile file = ModelFile.open(pull.get().path())) {
                    file.checkFinite();
                }
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(hub.storeRequests()).hasSize(1);
    }

    @Test
    void leavesNothingOfAConversionThatFails() throws Exception {
        Path served = serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        byte[] bytes = Files.readAllBytes(served.resolve(WEIGHTS));
        java.util.Arrays.fill(bytes, bytes.length - 4, bytes.length, (byte) 0xFF);
        Files.write(served.resolve(WEIGHTS), bytes);
        assertThatThrownBy(this::pull).hasMessageContaining("finite");
        keptNoModel();
    }

    @Test
    void leavesNothingOfAConversionThatIsInterrupted() throws Exception {
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        PullListener interrupting = new PullListener() {
            @Override
            public void note(String line) {
                notes.add(line);
            }

            @Override
            public Task begin(String name) {
                if (name.equals("convert")) {
                    Thread.currentThread().interrupt();
                }
                return PullListener.NONE.begin(name);
            }
        };
        try {
            assertThatThrownBy(() -> puller().pull(PullRequest.of(ID), interrupting)).isInstanceOf(IOException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
        keptNoModel();
    }

    @Test
    void refusesRepositoriesOfOtherModelsBeforeTheirWeights() throws Exception {
        Path served = serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        Path config = served.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"model_type\": \"clip\"",
                "\"model_type\": \"bert\""));
        assertThatThrownBy(this::pull).hasMessageContaining("model_type").hasMessageContaining("bert");
        assertThat(hub.storeRequests()).isEmpty();
        Files.delete(config);
        assertThatThrownBy(this::pull).hasMessageContaining("no CLIP model");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "a/../b", "a/b/c", "a--b/c", "", "/etc/passwd", "ViT-B-32", "a/b\nc"})
    void refusesWhatIsNoName(String name) {
        assertThatThrownBy(() -> puller().pull(PullRequest.of(name), PullListener.NONE))
                .isInstanceOf(HubException.class).hasMessageContaining("expected=ORG/NAME")
                .hasMessageContaining("ViT-B/32").hasMessageMatching("[^\\n]+");
    }
}
