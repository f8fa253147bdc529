package org.clip4j.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.clip4j.weights.JsonFields;
import org.clip4j.weights.ModelFileException;

/** A repository of the Hugging Face hub, at one revision: its files come into the shared cache. For one thread. */
final class HubRepository {
    private static final String MERGES = "merges.txt";
    private static final String CONFIG = "config.json";

    private final HubCache cache;
    private final HubSettings settings;
    private final HubClient client;
    private final Pauses pauses;
    private final PullListener listener;
    private final String id;
    private final String revision;

    /** What all repositories of one pull share. */
    record Services(HubSettings settings, HubCache cache, HubClient client, Pauses pauses, PullListener listener) {}

    /** What a server says about a file before it is fetched. */
    private record Metadata(String etag, long sizeBytes) {}

    /** A commit and the names of its files. */
    private record Listing(String commit, List<String> files) {}

    HubRepository(Services services, String id, String revision) {
        this.cache = services.cache();
        this.settings = services.settings();
        this.client = services.client();
        this.pauses = services.pauses();
        this.listener = services.listener();
        this.id = id;
        this.revision = revision;
    }

    /** The folder of a model's files, all of them there. */
    Path fetchModel() throws IOException {
        Listing listing = listing();
        RepositoryFiles files = RepositoryFiles.choose(listing.files()).orElseThrow(() -> HubException.input(
                settings.offline()
                        ? "the cache holds no whole model of that name: name=" + id + " revision=" + revision
                                + " folder=" + cache.repository(id) + "; unset HF_HUB_OFFLINE to fetch it"
                        : "repository holds no CLIP model, neither config.json nor open_clip_config.json with weights"
                                + " beside it: name=" + id + " revision=" + revision));
        for (String file : files.small()) {
            fetchFile(listing, file);
        }
        requireClip(listing, files);
        Path weights = fetchFile(listing, files.weights());
        if (files.isSharded()) {
            for (String shard : shards(weights)) {
                fetchFile(listing, shard);
            }
        }
        remember(listing);
        return cache.snapshot(id, listing.commit());
    }

    /** The file of the vocabulary's merges. */
    Path fetchMerges() throws IOException {
        Listing listing = listing();
        Path merges = fetchFile(listing, MERGES);
        remember(listing);
        return merges;
    }

    private void remember(Listing listing) throws IOException {
        if (!settings.offline()) {
            cache.writeRef(id, revision, listing.commit());
        }
    }

    /** Before the weights are fetched, which may be gigabytes. */
    private void requireClip(Listing listing, RepositoryFiles files) throws IOException {
        if (files.small().contains(CONFIG)) {
            JsonFields config = json(cache.snapshot(id, listing.commit()).resolve(CONFIG));
            config.require("model_type", "clip");
        }
    }

    private List<String> shards(Path index) throws IOException {
        JsonFields map = json(index).object("weight_map");
        TreeSet<String> shards = new TreeSet<>();
        for (String tensor : map.names()) {
            String shard = map.string(tensor);
            if (!HubCache.isFile(shard)) {
                throw map.wrong(tensor, "a file in the same folder", shard);
            }
            shards.add(shard);
        }
        return List.copyOf(shards);
    }

    private static JsonFields json(Path file) throws IOException {
        return JsonFields.parse(file.toString(), new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    }

    private Listing listing() throws IOException {
        if (settings.offline()) {
            Optional<String> commit = cache.commit(id, revision);
            if (commit.isEmpty() || !Files.isDirectory(cache.snapshot(id, commit.get()))) {
                throw HubException.input("not in the cache, and HF_HUB_OFFLINE is set: name=" + id + " revision="
                        + revision + " folder=" + cache.repository(id));
            }
            try (Stream<Path> files = Files.list(cache.snapshot(id, commit.get()))) {
                return new Listing(commit.get(), files.filter(Files::exists).map(file -> file.getFileName().toString())
                        .toList());
            }
        }
        URI address = address("/api/models/", "/revision/" + HttpAddress.part(revision));
        byte[] document = Retries.of(pauses, listener, () -> client.document(address));
        try {
            JsonFields fields = JsonFields.parse(HttpAddress.shown(address),
                    new String(document, StandardCharsets.UTF_8));
            String commit = fields.string("sha");
            if (!HubCache.isCommit(commit)) {
                throw fields.wrong("sha", "a commit", commit);
            }
            List<String> files = new ArrayList<>();
            for (Object item : fields.list("siblings")) {
                if (item instanceof Map<?, ?> sibling && sibling.get("rfilename") instanceof String name
                        && HubCache.isFile(name)) {
                    files.add(name);
                }
            }
            return new Listing(commit, files);
        } catch (ModelFileException e) {
            throw HubException.failure("server's answer is not the hub's: " + e.getMessage()
                    + "; check HF_ENDPOINT and the network", e);
        }
    }

    private URI address(String before, String after) throws HubException {
        String path = Stream.of(id.split("/", -1)).map(HttpAddress::part).collect(Collectors.joining("/"));
        return URI.create(settings.endpoint() + before + path + after);
    }

    /** One file of the commit, whether it had been there or not. */
    private Path fetchFile(Listing listing, String file) throws IOException {
        Path named = cache.snapshot(id, listing.commit()).resolve(file);
        if (Files.exists(named)) {
            return named;
        }
        if (settings.offline()) {
            throw HubException.input("file is not in the cache, and HF_HUB_OFFLINE is set: file=" + named);
        }
        URI address = address("/", "/resolve/" + listing.commit() + "/" + HttpAddress.part(file));
        Metadata metadata = Retries.of(pauses, listener, () -> metadata(address));
        Path blob = cache.blob(id, metadata.etag());
        return CacheLock.holding(cache.lock(id, metadata.etag()), listener, () -> {
            boolean there = Files.exists(blob)
                    && (metadata.sizeBytes() < 0 || Files.size(blob) == metadata.sizeBytes());
            if (!there) {
                new FileDownload(client, pauses, listener).fetch(new FileDownload.Wanted(file, address,
                        metadata.sizeBytes(), Checksum.ofEtag(metadata.etag())), blob);
            }
            cache.name(id, listing.commit(), file, metadata.etag());
            return named;
        });
    }

    /** The hub's own words about a file, which the server that it redirects to does not repeat. */
    private Metadata metadata(URI address) throws IOException {
        try (HubClient.Answer answer = client.head(address,
                redirect -> redirect.header("X-Linked-Etag").isPresent())) {
            // A redirect's own entity tag and length are those of a page that says where to go.
            Optional<String> ownEtag = answer.isRedirect() ? Optional.empty() : answer.header("ETag");
            Optional<String> ownLength = answer.isRedirect() ? Optional.empty() : answer.header("Content-Length");
            String etag = answer.header("X-Linked-Etag").or(() -> ownEtag).orElse("").replaceFirst("^W/", "")
                    .replace("\"", "");
            String length = answer.header("X-Linked-Size").or(() -> ownLength).orElse("");
            if (!HubCache.isEtag(etag)) {
                throw HubException.failure("server's answer is not the hub's, its entity tag cannot be used: address="
                        + HttpAddress.shown(address) + " etag=" + etag + "; check HF_ENDPOINT and the network");
            }
            return new Metadata(etag, length.matches("\\d{1,18}") ? Long.parseLong(length) : -1);
        }
    }
}
