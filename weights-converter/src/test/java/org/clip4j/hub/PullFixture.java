package org.clip4j.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.clip4j.testing.Goldens;
import org.clip4j.testing.LoopbackHub;
import org.clip4j.testing.LoopbackHub.Fault;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A hub on the loopback interface, an empty home folder, and pulls between them. */
abstract class PullFixture {
    static final String ID = "org/tiny-clip";
    static final String WEIGHTS = "model.safetensors";

    @TempDir
    Path folder;
    Path home;
    final Map<String, String> environment = new HashMap<>();
    final List<Duration> pauses = new CopyOnWriteArrayList<>();
    final List<String> notes = new CopyOnWriteArrayList<>();
    LoopbackHub hub;

    @BeforeEach
    void makeHome() throws IOException {
        home = Files.createDirectory(folder.resolve("home"));
    }

    @AfterEach
    void stopServers() throws IOException {
        if (hub != null) {
            hub.close();
        }
    }

    Path serve(String golden, Fault hubFault, Fault storeFault) throws IOException {
        Path files = Goldens.copy("tiny/" + golden, Files.createDirectories(folder.resolve("served")));
        hub = LoopbackHub.start(ID, files, hubFault, storeFault);
        environment.put("HF_ENDPOINT", hub.address().toString());
        return files;
    }

    HubSettings settings() {
        return HubSettings.of(environment, home);
    }

    Puller puller() {
        return new Puller(settings(), OpenAiCheckpoint.ALL, pauses::add, new HubCache(settings().hubCache()));
    }

    PulledModel pull() throws IOException {
        return puller().pull(PullRequest.of(ID), listener());
    }

    PullListener listener() {
        return new PullListener() {
            @Override
            public void note(String line) {
                notes.add(line);
            }

            @Override
            public Task begin(String name) {
                return PullListener.NONE.begin(name);
            }
        };
    }

    Path repository() {
        return settings().hubCache().resolve("models--org--tiny-clip");
    }

    void keptNoModel() throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            assertThat(files.filter(Files::isRegularFile).map(Path::toString))
                    .noneMatch(name -> name.contains("clip4j/models") && !name.contains("/.locks/"));
        }
    }
}
