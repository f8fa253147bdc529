package org.clip4j.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Finds the file that a user means: a path, or the name of a pulled model. Thread-safe. */
public final class ModelResolver {
    private final ModelShelf shelf;

    /** Looks into the folder of converted models. */
    public ModelResolver(HubSettings settings) {
        this.shelf = new ModelShelf(settings);
    }

    /**
     * The model file that is meant. What exists as a file wins; of a pulled model's variants, the one as published,
     * then the widest.
     *
     * @param given a path, or a name such as {@code ViT-B/32} or {@code ORG/NAME}
     * @throws HubException when there is neither; the message says what is there
     */
    public Path resolve(Path given) throws IOException {
        if (Files.exists(given)) {
            return given;
        }
        String name = given.toString().replace('\\', '/');
        List<PulledModel> found = shelf.list(name);
        if (!found.isEmpty()) {
            return found.get(0).path();
        }
        String pulled = shelf.list().stream().map(PulledModel::name).distinct().collect(Collectors.joining(", "));
        String remedy = OpenAiCheckpoint.named(OpenAiCheckpoint.ALL, name).isPresent() || HubCache.isRepository(name)
                ? "; if it is a published model: clip pull " + name
                : "; 'clip pull NAME' fetches a published one";
        throw HubException.input("model file does not exist, and no pulled model has that name: file=" + given
                + " pulled=[" + pulled + "]" + remedy);
    }
}
