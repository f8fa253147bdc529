package org.clip4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.clip4j.testing.Goldens;
import org.clip4j.testing.LoopbackHub;
import org.clip4j.testing.LoopbackHub.Fault;
import org.clip4j.testing.LoopbackServer;
import org.clip4j.testing.LoopbackServer.Reply;
import org.clip4j.weights.ModelFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OpenAI's files come from wherever an address says, and are what their hash says. */
class OpenAiPullTest {
    private static final String VOCABULARY = "openai/tiny";

    @TempDir
    Path folder;
    private final Map<String, String> environment = new HashMap<>();
    private byte[] checkpoint;
    private OpenAiCheckpoint known;
    private LoopbackHub hub;
    private LoopbackServer server;

    @BeforeEach
    void startHub() throws IOException {
        checkpoint = Goldens.bytes("tiny/openai_jit_vit.pt");
        known = new OpenAiCheckpoint("ViT-T/16", "ViT-T-16.pt", LoopbackHub.sha256(checkpoint), VOCABULARY);
        hub = LoopbackHub.start(VOCABULARY, Goldens.copy("tiny/hf_vit_f32", folder), Fault.NONE, Fault.NONE);
        environment.put("HF_ENDPOINT", hub.address().toString());
        environment.put("HF_TOKEN", "hf_secret");
    }

    @AfterEach
    void stopServers() throws IOException {
        hub.close();
        if (server != null) {
            server.close();
        }
    }

    private PulledModel pull(LoopbackServer.Handler handler) throws IOException {
        server = LoopbackServer.start(handler);
        HubSettings settings = HubSettings.of(environment, folder);
        return new Puller(settings, List.of(known), duration -> {}, new HubCache(settings.hubCache())).pull(
                new PullRequest("ViT-T/16", Optional.empty(), Optional.of(server.address() + "/x/ViT-T-16.pt"),
                        Optional.empty(), Optional.empty()),
                PullListener.NONE);
    }

    @Test
    void takesTheVocabularyFromTheHub() throws Exception {
        PulledModel model = pull(request -> LoopbackHub.part(request, checkpoint, "x"));
        try (ModelFile file = ModelFile.open(model.path())) {
            assertThat(file.bpeMerges()).isPresent();
            assertThat(file.source().file()).isEqualTo("ViT-T-16.pt");
            assertThat(file.source().sha256()).contains(known.sha256());
        }
        assertThat(hub.hubRequests()).noneMatch(request -> request.path().contains("safetensors"));
        assertThat(server.requests())
                .allSatisfy(request -> assertThat(request.headers()).doesNotContainKey("authorization"));
        ModelResolver resolver = new ModelResolver(HubSettings.of(environment, folder));
        assertThat(resolver.resolve(Path.of("ViT-T/16"))).isEqualTo(model.path());
        assertThatThrownBy(() -> resolver.resolve(Path.of("ViT-B/32"))).hasMessageContaining("clip pull ViT-B/32")
                .hasMessageContaining("pulled=[ViT-T/16]");
    }

    @Test
    void goesOnWithoutALengthOrEntityTag() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        pull(request -> {
            Reply due = LoopbackHub.part(request, checkpoint, "x").without("ETag").announcing(-1);
            return asked.getAndIncrement() == 0 ? due.announcing(checkpoint.length).cutAfter(300_000) : due;
        });
        assertThat(server.requests().get(1).headers()).containsKey("range")
                .doesNotContainKey("if-range");
    }

    @Test
    void takesAsWholeWhatTheServerHasNoMoreOf() throws Exception {
        Path downloads = Files.createDirectories(
                folder.resolve(".cache/clip4j/models/.downloads").resolve(known.sha256()));
        Files.write(downloads.resolve("ViT-T-16.pt" + FileDownload.PARTIAL), checkpoint);
        pull(request -> LoopbackHub.part(request, checkpoint, "x"));
        assertThat(server.requests()).singleElement().satisfies(request -> assertThat(request.headers())
                .containsEntry("range", "bytes=" + checkpoint.length + "-"));
    }

    @Test
    void refusesAnotherFile() throws Exception {
        byte[] other = Goldens.bytes("tiny/openai_jit_rn.pt");
        assertThatThrownBy(() -> pull(request -> LoopbackHub.part(request, other, "x")))
                .isInstanceOf(HubException.class).hasMessageContaining("expected=" + known.sha256())
                .hasMessageContaining("actual=" + LoopbackHub.sha256(other));
        assertThat(new ModelShelf(HubSettings.of(environment, folder)).list()).isEmpty();
        assertThat(folder.resolve(".cache/clip4j/models/.downloads").resolve(known.sha256()))
                .isDirectoryNotContaining(file -> file.toString().contains(".pt"));
    }

    @Test
    void takesTheFileThatPythonHasFetched() throws Exception {
        Path python = Files.createDirectories(folder.resolve(".cache/clip"));
        Files.write(python.resolve("ViT-T-16.pt"), checkpoint);
        pull(request -> Reply.of(500));
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void knowsTheNinePublishedFiles() {
        assertThat(OpenAiCheckpoint.ALL).hasSize(9).allSatisfy(each -> {
            assertThat(each.sha256()).matches("[0-9a-f]{64}");
            assertThat(HubCache.isRepository(each.vocabularyRepository())).isTrue();
            assertThat(ModelShelf.isName(each.name())).isTrue();
        });
        assertThat(OpenAiCheckpoint.named(OpenAiCheckpoint.ALL, "ViT-L/14@336px").orElseThrow().address())
                .hasToString("https://openaipublic.azureedge.net/clip/models/"
                        + "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02/ViT-L-14-336px.pt");
        assertThat(Puller.names())
                .containsExactlyInAnyOrderElementsOf(org.clip4j.converter.PublishedArchitectures.names());
    }
}
