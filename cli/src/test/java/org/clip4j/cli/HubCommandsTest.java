package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.testing.Goldens;
import org.clip4j.testing.LoopbackHub;
import org.clip4j.testing.LoopbackHub.Fault;
import org.clip4j.testing.LoopbackServer.Reply;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model is pulled, listed, used by its name and removed; a server on the loopback interface stands for the hub. */
class HubCommandsTest {
    private static final String ID = "org/tiny-clip";

    @TempDir
    Path folder;
    private final Map<String, String> environment = new HashMap<>();
    private volatile Fault fault = Fault.NONE;
    private LoopbackHub hub;

    @BeforeEach
    void startHub() throws Exception {
        hub = LoopbackHub.start(ID, Goldens.copy("tiny/hf_vit_f32", folder),
                (request, due) -> fault.answer(request, due), Fault.NONE);
        environment.put("HF_ENDPOINT", hub.address().toString());
        environment.put("XDG_CACHE_HOME", folder.resolve("cache").toString());
    }

    @AfterEach
    void stopHub() throws Exception {
        hub.close();
    }

    private CommandRun clip(String... args) {
        return CommandRun.withEnvironment(environment, args);
    }

    private Path models() {
        return folder.resolve("cache/clip4j/models");
    }

    private Path repository() {
        return folder.resolve("cache/huggingface/hub/models--org--tiny-clip");
    }

    @Test
    void pullsPrintsThePathAndTakesTheName() {
        CommandRun pull = clip("pull", ID).succeeded();
        Path file = models().resolve("org--tiny-clip/main.source.safetensors");
        assertThat(pull.lines()).containsExactly(file.toString());
        assertThat(file).exists();
        assertThat(clip("pull", ID).succeeded().out()).isEqualTo(pull.out());
        CommandRun named = clip("embed", "--model", ID, "--text", "the cat").succeeded();
        assertThat(named.out()).isEqualTo(clip("embed", "--model", file.toString(), "--text", "the cat").out());
        assertThat(clip("info", ID, "--json").succeeded().json()).containsEntry("file", file.toString());
        clip("tokenize", "--model", ID, "the cat").succeeded();
    }

    @Test
    void pullsInTheTypeAskedForAndPrintsJson() {
        Map<String, Object> json = clip("pull", ID, "--dtype", "bf16", "--json").succeeded().json();
        assertThat(json).containsEntry("name", ID).containsEntry("precision", "bf16").containsEntry("variant", "bf16")
                .containsEntry("revision", "main").containsKey("size_bytes");
        assertThat(TinyModels.object(json.get("source"))).containsEntry("file", LoopbackHub.COMMIT)
                .containsKey("sha256");
        // Of two variants the one as published is meant.
        clip("pull", ID).succeeded();
        assertThat(clip("info", ID, "--json").json()).containsEntry("precision", "f32");
    }

    @Test
    void filesWinOverNames() {
        clip("pull", ID).succeeded();
        clip("info", folder.resolve("hf_vit_f32/config.json").toString()).refused().contains("config.json");
        environment.put("CLIP4J_MODELS", folder.resolve("elsewhere").toString());
        clip("info", ID).refused().contains("clip pull " + ID).contains("pulled=[]");
    }

    @Test
    void aWrongEndpointConcernsPullsOnly() {
        clip("pull", ID).succeeded();
        environment.put("HF_ENDPOINT", "nonsense");
        clip("info", ID).succeeded();
        clip("list").succeeded();
        clip("pull", ID).succeeded();
        clip("pull", "org/other").refused().contains("HF_ENDPOINT=nonsense");
    }

    @Test
    void listsAndRemoves() {
        assertThat(clip("list").succeeded().out()).isEmpty();
        clip("pull", ID).succeeded();
        clip("pull", ID, "--dtype", "f16").succeeded();
        CommandRun list = clip("list", "--json").succeeded();
        assertThat(TinyModels.list(list.json().get("models")))
                .extracting(model -> TinyModels.object(model).get("variant"))
                .containsExactly("source", "f16");
        assertThat(TinyModels.list(list.json().get("downloads"))).singleElement()
                .satisfies(download -> assertThat(TinyModels.object(download)).containsEntry("name", ID)
                        .containsEntry("complete", true).containsEntry("path", repository().toString()));
        assertThat(clip("list").succeeded().out()).contains("name", ID, "f16", "main 0123456789", "download");

        Path packed = Path
                .of((String) clip("pack", ID, "--backend", "onednn", "--json").succeeded().json().get("file"));
        assertThat(packed).exists();
        Map<String, Object> removed = clip("rm", ID, "--json").succeeded().json();
        assertThat(TinyModels.list(removed.get("removed"))).hasSize(3);
        assertThat(packed).doesNotExist();
        assertThat((Integer) removed.get("freed_bytes")).isGreaterThan(1_500_000);
        assertThat(repository()).exists();
        clip("rm", ID).refused().contains("nothing of that name").contains("clip list");
        CommandRun downloads = clip("rm", ID, "--downloads").succeeded();
        assertThat(downloads.out()).isEmpty();
        assertThat(downloads.err()).contains("removed " + repository()).contains("freed 1.2 MB");
        assertThat(repository()).doesNotExist();
        assertThat(clip("list").succeeded().out()).isEmpty();
    }

    @Test
    void removesNothingOutsideOfTheCache() throws Exception {
        Path precious = Files.createDirectories(folder.resolve("precious"));
        Files.writeString(precious.resolve("main.source.safetensors"), "precious");
        Files.createDirectories(models());
        Files.createDirectories(repository().getParent());
        Files.createSymbolicLink(models().resolve("org--linked"), precious);
        Files.createSymbolicLink(repository().resolveSibling("models--org--linked2"), precious);
        for (String name : List.of("../precious", "..", "/etc/passwd", "a/../../precious", "", ".locks",
                "org--linked")) {
            clip("rm", name, "--downloads").refused();
        }
        clip("rm", "org/linked").refused().contains("out of the cache");
        clip("rm", "org/linked2", "--downloads").refused().contains("out of the cache");
        assertThat(precious.resolve("main.source.safetensors")).hasContent("precious");
    }

    @Test
    void removesNoMoreThanTheLinksOfADownload() throws Exception {
        clip("pull", ID).succeeded();
        Path precious = Files.writeString(folder.resolve("precious"), "precious");
        Files.createSymbolicLink(repository().resolve("snapshots/link"), precious);
        Files.createSymbolicLink(repository().resolve("snapshots/folder"), folder.resolve("hf_vit_f32"));
        clip("rm", ID, "--downloads").succeeded();
        assertThat(repository()).doesNotExist();
        assertThat(precious).hasContent("precious");
        assertThat(folder.resolve("hf_vit_f32/config.json")).exists();
    }

    @Test
    void saysOfABrokenModelHowToRemoveIt() throws Exception {
        Path file = Path.of(clip("pull", ID).lines().get(0));
        Files.writeString(file, "short");
        CommandRun list = clip("list");
        assertThat(list.exitCode()).isEqualTo(2);
        assertThat(list.err()).contains("clip rm " + ID);
        clip("rm", ID).succeeded();
        clip("pull", ID).succeeded();
        clip("list").succeeded();
    }

    @Test
    void tellsInputFromNetwork() {
        clip("pull", "no-slash").refused().contains("ViT-L/14@336px").contains("ORG/NAME");
        clip("pull", "org/other").refused().contains("status=404");
        clip("pull", ID, "--url", "http://localhost/x").refused().contains("HF_ENDPOINT");
        clip("pull", "RN50", "--revision", "main").refused().contains("--revision");
        clip("pull", ID, "--dtype", "int4").refused().contains("--dtype");
        fault = (request, due) -> Reply.of(302).with("Location", "nowhere:");
        CommandRun network = clip("pull", ID);
        assertThat(network.exitCode()).isEqualTo(1);
        assertThat(network.err().lines()).singleElement().asString().startsWith("clip: error: server redirects");
        assertThat(network.out()).isEmpty();
    }

    @Test
    void refusesAFileOfAnotherHashThanOpenAiPublished() {
        CommandRun run = clip("pull", "ViT-B/32", "--vocab", TinyModels.vocab(folder), "--url",
                hub.address() + "/" + ID + "/resolve/" + LoopbackHub.COMMIT + "/merges.txt");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af")
                .contains("nothing was kept");
        clip("info", "ViT-B/32").refused().contains("clip pull ViT-B/32");
    }
}
