package org.clip4j.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.clip4j.converter.ConversionSummary;
import org.clip4j.converter.ConvertOptions;
import org.clip4j.converter.Converter;

/**
 * Fetches published models and converts them. A model that is there already is found without asking the network. Any
 * number of programs may pull the same: one of them works, the others wait and find its result. For one thread.
 */
public final class Puller {
    private static final String MAIN = "main";

    private final HubSettings settings;
    private final List<OpenAiCheckpoint> known;
    private final Pauses pauses;
    private final HubCache cache;
    private final ModelShelf shelf;

    /** Fetches into the folders of the settings. */
    public Puller(HubSettings settings) {
        this(settings, OpenAiCheckpoint.ALL, Pauses.SLEEP, new HubCache(settings.hubCache()));
    }

    Puller(HubSettings settings, List<OpenAiCheckpoint> known, Pauses pauses, HubCache cache) {
        this.settings = settings;
        this.known = known;
        this.pauses = pauses;
        this.cache = cache;
        this.shelf = new ModelShelf(settings);
    }

    /** The names of OpenAI's models. */
    public static List<String> names() {
        return OpenAiCheckpoint.ALL.stream().map(OpenAiCheckpoint::name).toList();
    }

    /**
     * Fetches and converts, unless that has been done before.
     *
     * @throws HubException when the model cannot be had
     * @throws org.clip4j.converter.CheckpointException when it cannot be converted
     */
    public PulledModel pull(PullRequest request, PullListener listener) throws IOException {
        Optional<OpenAiCheckpoint> checkpoint = OpenAiCheckpoint.named(known, request.name());
        check(request, checkpoint.isPresent());
        String revision = checkpoint.isPresent() ? ModelShelf.PUBLISHED : request.revision().orElse(MAIN);
        Path target = shelf.file(request.name(), revision, request.dtype());
        if (Files.exists(target)) {
            return pulled(request, revision, target, List.of());
        }
        return CacheLock.holding(shelf.lock(target), listener, () -> {
            List<String> warnings = Files.exists(target) ? List.of() : make(request, checkpoint, target, listener);
            return pulled(request, revision, target, warnings);
        });
    }

    private List<String> make(PullRequest request, Optional<OpenAiCheckpoint> checkpoint, Path target,
            PullListener listener) throws IOException {
        HubRepository.Services services = new HubRepository.Services(settings, cache,
                new HubClient(settings.endpoint(), settings.token()), pauses, listener);
        Path source;
        Optional<Path> vocab = request.vocab();
        if (checkpoint.isPresent()) {
            vocab = Optional.of(vocab.isPresent()
                    ? vocab.get()
                    : new HubRepository(services, checkpoint.get().vocabularyRepository(), MAIN).fetchMerges());
            source = fetch(checkpoint.get(), request, services);
        } else {
            source = new HubRepository(services, request.name(), request.revision().orElse(MAIN)).fetchModel();
        }
        Files.createDirectories(target.getParent());
        try {
            return convert(source, target, new ConvertOptions(vocab, request.dtype(), Optional.empty()), listener);
        } finally {
            deleteIfEmpty(target.getParent());
        }
    }

    private void check(PullRequest request, boolean openAi) throws HubException {
        if (!openAi && !HubCache.isRepository(request.name())) {
            throw HubException.input("not a model's name: name=" + request.name() + " expected=ORG/NAME of the Hugging"
                    + " Face hub, or one of "
                    + known.stream().map(OpenAiCheckpoint::name).collect(Collectors.joining(", ")));
        }
        if (openAi && request.revision().isPresent()) {
            throw HubException.input("OpenAI's files have no revisions: name=" + request.name() + " revision="
                    + request.revision().get() + "; leave --revision away");
        }
        if (!openAi && request.address().isPresent()) {
            throw HubException.input("another address can be given for OpenAI's files only: name=" + request.name()
                    + "; HF_ENDPOINT names another hub");
        }
        if (request.revision().isPresent() && !HubCache.isRevision(request.revision().get())) {
            throw HubException.input("not a revision: revision=" + request.revision().get()
                    + " expected=branch, tag or commit");
        }
    }

    private static PulledModel pulled(PullRequest request, String revision, Path file, List<String> warnings)
            throws IOException {
        return new PulledModel(request.name(), revision, ModelShelf.variant(request.dtype()), file, Files.size(file),
                warnings);
    }

    private static List<String> convert(Path source, Path target, ConvertOptions options, PullListener listener)
            throws IOException {
        try (PullListener.Task task = listener.begin("convert")) {
            ConversionSummary summary = Converter.convert(source, target, options, task);
            return summary.warnings();
        }
    }

    private static void deleteIfEmpty(Path folder) throws IOException {
        String[] names = folder.toFile().list();
        if (names != null && names.length == 0) {
            Files.deleteIfExists(folder);
        }
    }

    private Path fetch(OpenAiCheckpoint checkpoint, PullRequest request, HubRepository.Services services)
            throws IOException {
        Path file = shelf.downloads(checkpoint).resolve(checkpoint.file());
        Checksum checksum = new Checksum(Checksum.Algorithm.SHA_256, checkpoint.sha256());
        if (Files.exists(file)) {
            return file;
        }
        Path python = settings.openAiCache().resolve(checkpoint.file());
        if (Files.isRegularFile(python)) {
            try (PullListener.Task task = services.listener().begin("check " + checkpoint.file())) {
                if (checksum.differing(python, task).isEmpty()) {
                    return python;
                }
            }
        }
        if (settings.offline()) {
            throw HubException.input("file is not in the cache, and HF_HUB_OFFLINE is set: file=" + file);
        }
        URI address = request.address().isPresent()
                ? HttpAddress.parse(request.address().get(), "--url")
                : checkpoint.address();
        return CacheLock.holding(file.resolveSibling(".lock"), services.listener(), () -> {
            if (!Files.exists(file)) {
                new FileDownload(services.client(), pauses, services.listener())
                        .fetch(new FileDownload.Wanted(checkpoint.file(), address, -1, Optional.of(checksum)), file);
            }
            return file;
        });
    }
}
