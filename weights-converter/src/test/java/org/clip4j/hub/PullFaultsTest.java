package org.clip4j.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.clip4j.testing.LoopbackHub;
import org.clip4j.testing.LoopbackHub.Fault;
import org.clip4j.testing.LoopbackServer.Reply;
import org.clip4j.testing.LoopbackServer.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models come from a hub whatever its servers do, or not at all. */
class PullFaultsTest extends PullFixture {
    /** A fault of the first answers to requests for bodies only. */
    private static Fault first(int count, Fault fault) {
        AtomicInteger left = new AtomicInteger(count);
        return (request, due) -> request.method().equals("GET") && left.getAndDecrement() > 0
                ? fault.answer(request, due)
                : due;
    }

    @Test
    void goesOnWhereConnectionsEnd() throws Exception {
        serve("hf_vit_f32", Fault.NONE, first(3, (request, due) -> due.cutAfter(300_000)));
        pull();
        assertThat(hub.storeRequests().stream().map(PullFaultsTest::offset)).hasSize(4).isSorted()
                .doesNotHaveDuplicates()
                .startsWith(0);
        assertThat(hub.storeRequests().get(1).headers().get("if-range")).startsWith("\"store-");
        assertThat(pauses).hasSize(3).containsOnly(Duration.ofMillis(500));
    }

    @Test
    void goesOnAfterThePreviousProgramHasEnded() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        serve("hf_vit_f32", Fault.NONE,
                (request, due) -> asked.getAndIncrement() < 5
                        ? due.cutAfter(request.headers().containsKey("range")
                                ? 0
                                : 500_000)
                        : due);
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining("attempts=5")
                .hasMessageContaining("is kept");
        keptNoModel();
        pull();
        assertThat(offset(hub.storeRequests().get(5))).isPositive().isEqualTo(offset(hub.storeRequests().get(1)));
    }

    @Test
    void startsAgainWhereServersIgnoreRange() throws Exception {
        Path served = serve("hf_vit_f32", Fault.NONE, (request, due) -> due);
        hub.close();
        byte[] content = Files.readAllBytes(served.resolve(WEIGHTS));
        AtomicInteger asked = new AtomicInteger();
        hub = LoopbackHub.start(ID, served, Fault.NONE, (request, due) -> {
            Reply whole = Reply.of(200, content);
            return asked.getAndIncrement() == 0 ? whole.cutAfter(400_000) : whole;
        });
        environment.put("HF_ENDPOINT", hub.address().toString());
        pull();
        assertThat(hub.storeRequests()).hasSize(2);
        assertThat(offset(hub.storeRequests().get(1))).isPositive();
    }

    @Test
    void startsAgainWhenTheServersFileHasChanged() throws Exception {
        serve("hf_vit_f32", Fault.NONE, first(1, (request, due) -> due.with("ETag", "\"old\"").cutAfter(400_000)));
        pull();
        assertThat(hub.storeRequests().get(1).headers()).containsEntry("if-range", "\"old\"");
        assertThat(hub.storeRequests()).hasSize(2);
    }

    @Test
    void startsAgainWhenTheServerRefusesToGoOn() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        serve("hf_vit_f32", Fault.NONE, (request, due) -> switch (asked.getAndIncrement()) {
            case 0 -> due.cutAfter(400_000);
            case 1 -> Reply.of(416).with("Content-Range", "bytes */12");
            default -> due;
        });
        pull();
        assertThat(hub.storeRequests().get(2).headers()).doesNotContainKey("range");
    }

    @Test
    void refusesAPartThatWasNotAskedFor() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        serve("hf_vit_f32", Fault.NONE, (request, due) -> switch (asked.getAndIncrement()) {
            case 0 -> due.cutAfter(400_000);
            case 1 -> due.with("Content-Range", "bytes 0-9/10");
            default -> due;
        });
        pull();
        assertThat(notes)
                .anyMatch(note -> note.contains("another part") && note.contains("contentRange=bytes 0-9/10"));
    }

    @Test
    void fetchesCorruptFilesOnceMore() throws Exception {
        serve("hf_vit_f32", Fault.NONE, first(1, (request, due) -> due.damaged()));
        pull();
        assertThat(notes).singleElement().asString().contains("another hash").contains(WEIGHTS);
        assertThat(hub.storeRequests()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keepsNothingOfFilesThatStayCorrupt(boolean large) throws Exception {
        Fault damaged = (request, due) -> request.path().contains(large ? WEIGHTS : "merges.txt")
                && due.status() == 200 ? due.damaged() : due;
        serve("hf_vit_f32", damaged, damaged);
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining("another hash")
                .hasMessageContaining(large ? "SHA_256" : "GIT_BLOB").hasMessageMatching("[^\\n]+");
        keptNoModel();
        assertThat(repository().resolve("blobs"))
                .isDirectoryNotContaining(file -> file.toString().contains("incomplete"));
    }

    @ParameterizedTest
    @CsvSource({"-1000, announces another length", "1000, announces another length"})
    void refusesServersThatAnnounceAnotherLength(int difference, String message) throws Exception {
        serve("hf_vit_f32", Fault.NONE, (request, due) -> due.announcing(due.bodyBytes() + difference));
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining(message);
        keptNoModel();
    }

    @Test
    void refusesServersThatSendMoreThanTheHubSaid() throws Exception {
        serve("hf_vit_f32", Fault.NONE,
                (request, due) -> due.longerBy(7).announcing(-1));
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining("more than it announced");
        keptNoModel();
    }

    @Test
    void endsWhenServersAlwaysSendLess() throws Exception {
        serve("hf_vit_f32", Fault.NONE, (request, due) -> {
            int to = due.bodyBytes() - (due.status() == 200 ? 1000 : due.bodyBytes());
            return due.announcing(-1).cutAfter(to);
        });
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining("ended early")
                .hasMessageContaining("expectedBytes=");
        keptNoModel();
    }

    @ParameterizedTest
    @CsvSource({"401, HF_TOKEN", "403, conditions", "404, --revision"})
    void saysWhatToDoAboutRefusals(int status, String remedy) throws Exception {
        serve("hf_vit_f32", (request, due) -> Reply.of(status), Fault.NONE);
        assertThatThrownBy(this::pull).isInstanceOfSatisfying(HubException.class,
                e -> assertThat(e.isInput()).isTrue()).hasMessageContaining("status=" + status)
                .hasMessageContaining(remedy).hasMessageContaining("address=" + hub.address());
        assertThat(hub.hubRequests()).hasSize(1);
        keptNoModel();
    }

    @Test
    void waitsAsLongAsBusyServersAsk() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        serve("hf_vit_f32", (request, due) -> switch (asked.getAndIncrement()) {
            case 0 -> Reply.of(429).with("Retry-After", "7");
            case 1 -> Reply.of(503);
            case 2 -> Reply.of(503).with("Retry-After", "Thu, 01 Jan 2015 00:00:00 GMT");
            default -> due;
        }, Fault.NONE);
        pull();
        assertThat(pauses).containsExactly(Duration.ofSeconds(7), Duration.ofSeconds(1), Duration.ZERO);
    }

    @Test
    void endsWhenServersStayBusyOrAskForTooMuchPatience() throws Exception {
        serve("hf_vit_f32", (request, due) -> Reply.of(503), Fault.NONE);
        assertThatThrownBy(this::pull).isInstanceOfSatisfying(HubException.class,
                e -> assertThat(e.isInput()).isFalse()).hasMessageContaining("status=503");
        assertThat(pauses).hasSize(4).isSorted();
        hub.close();
        serveAgain((request, due) -> Reply.of(429).with("Retry-After", "86400"));
        assertThatThrownBy(this::pull).hasMessageContaining("retryAfterSeconds=86400");
        assertThat(hub.hubRequests()).hasSize(1);
    }

    private void serveAgain(Fault hubFault) throws IOException {
        hub = LoopbackHub.start(ID, folder.resolve("served/hf_vit_f32"), hubFault, Fault.NONE);
        environment.put("HF_ENDPOINT", hub.address().toString());
    }

    @Test
    void followsNoRedirectsInCirclesOrToOtherProtocols() throws Exception {
        serve("hf_vit_f32", (request, due) -> Reply.of(307).with("Location", request.path()), Fault.NONE);
        assertThatThrownBy(this::pull).hasMessageContaining("redirects without end");
        hub.close();
        serveAgain((request, due) -> Reply.of(307).with("Location", "file:///etc/passwd"));
        assertThatThrownBy(this::pull).hasMessageContaining("redirects to no address");
    }

    @Test
    void followsRelativeRedirectsOfRenamedRepositories() throws Exception {
        serve("hf_vit_f32", (request, due) -> request.path().endsWith("?again")
                ? due
                : Reply.of(307).with("Location", request.path() + "?again"), Fault.NONE);
        assertThatThrownBy(this::pull).hasMessageContaining("status=404");
        assertThat(hub.hubRequests()).anyMatch(request -> request.path().endsWith("main?again"));
    }

    @Test
    void saysThatAHostIsUnknownOrSilent() throws Exception {
        serve("hf_vit_f32", Fault.NONE, Fault.NONE);
        hub.close();
        assertThatThrownBy(this::pull).isInstanceOf(HubException.class).hasMessageContaining("cannot be reached")
                .hasMessageContaining("attempts=5");
        environment.put("HF_ENDPOINT", "huggingface");
        assertThatThrownBy(this::pull).hasMessageContaining("HF_ENDPOINT=huggingface").hasMessageContaining("https://");
    }

    @Test
    void refusesHostileAnswersOfTheHub() throws Exception {
        serve("hf_vit_f32", (request, due) -> request.path().startsWith("/api")
                ? Reply.of(200, "<html>log in to the network</html>".getBytes(StandardCharsets.UTF_8))
                : due, Fault.NONE);
        assertThatThrownBy(this::pull).hasMessageContaining("not the hub's");
        hub.close();
        serveAgain((request, due) -> request.path().startsWith("/api")
                ? Reply.of(200,
                        "{\"sha\":\"../../x\",\"siblings\":[]}".getBytes(StandardCharsets.UTF_8))
                : due);
        assertThatThrownBy(this::pull).hasMessageContaining("a commit");
        hub.close();
        serveAgain((request, due) -> request.method().equals("HEAD") ? due.with("ETag", "\"../../../x\"") : due);
        assertThatThrownBy(this::pull).hasMessageContaining("entity tag");
        assertThat(requestsFor(hub.hubRequests(), "GET")).allMatch(request -> request.path().startsWith("/api"));
    }

    /** Where a request wants an answer to begin. What arrives just before a connection ends may be lost. */
    private static int offset(Request request) {
        return Integer.parseInt(request.headers().getOrDefault("range", "bytes=0-").replaceAll("\\D", ""));
    }

    private static List<Request> requestsFor(List<Request> requests, String method) {
        return requests.stream().filter(request -> request.method().equals(method)).toList();
    }
}
