package org.clip4j.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where models come from and go to, as the environment says. The names that start with HF_ mean what they mean to
 * Python's huggingface_hub. Immutable.
 */
public final class HubSettings {
    /** Names the folder of converted models. */
    public static final String MODELS_VARIABLE = "CLIP4J_MODELS";

    private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
    private static final Set<String> TRUE = Set.of("1", "on", "yes", "true");

    private final Path models;
    private final Path hubCache;
    private final Path openAiCache;
    private final String endpoint;
    private final Optional<String> token;
    private final Path tokenFile;
    private final boolean offline;

    private HubSettings(Map<String, String> environment, Path home) {
        Path caches = folder(environment, "XDG_CACHE_HOME").orElse(home.resolve(".cache"));
        Path hub = folder(environment, "HF_HOME").orElse(caches.resolve("huggingface"));
        models = folder(environment, MODELS_VARIABLE).orElse(caches.resolve("clip4j").resolve("models"));
        hubCache = folder(environment, "HF_HUB_CACHE")
                .orElse(folder(environment, "HUGGINGFACE_HUB_CACHE").orElse(hub.resolve("hub")));
        // openai/CLIP clip/clip.py: load(download_root=None) keeps its files there, whatever XDG_CACHE_HOME says.
        openAiCache = home.resolve(".cache").resolve("clip");
        endpoint = value(environment, "HF_ENDPOINT").orElse(DEFAULT_ENDPOINT);
        boolean implicit = !isTrue(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN");
        token = implicit
                ? value(environment, "HF_TOKEN").or(() -> value(environment, "HUGGING_FACE_HUB_TOKEN"))
                : Optional.empty();
        tokenFile = implicit ? folder(environment, "HF_TOKEN_PATH").orElse(hub.resolve("token")) : null;
        offline = isTrue(environment, "HF_HUB_OFFLINE") || isTrue(environment, "TRANSFORMERS_OFFLINE");
    }

    /**
     * Reads the environment.
     *
     * @param home the user's home folder
     */
    public static HubSettings of(Map<String, String> environment, Path home) {
        return new HubSettings(environment, home);
    }

    private static Optional<String> value(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(text -> !text.isEmpty());
    }

    private static Optional<Path> folder(Map<String, String> environment, String name) {
        return value(environment, name).map(Path::of);
    }

    private static boolean isTrue(Map<String, String> environment, String name) {
        return value(environment, name).map(text -> TRUE.contains(text.toLowerCase(Locale.ROOT))).orElse(false);
    }

    /** The folder of converted models; may not exist. */
    public Path models() {
        return models;
    }

    /** The folder that holds {@code models--ORG--NAME}; may not exist. */
    public Path hubCache() {
        return hubCache;
    }

    /** Where openai/CLIP's Python package keeps its files; only read. */
    Path openAiCache() {
        return openAiCache;
    }

    /**
     * The hub, without a slash at the end. Only asked for by what needs it: a wrong one is no matter of other commands.
     *
     * @throws HubException when HF_ENDPOINT is no address
     */
    URI endpoint() throws HubException {
        return HttpAddress.parse(endpoint.replaceAll("/+$", ""), "HF_ENDPOINT");
    }

    /** Whether nothing may be asked of the network. */
    boolean offline() {
        return offline;
    }

    /** What proves to the hub who asks; a token's file that cannot be read is none. */
    Optional<String> token() throws IOException {
        if (token.isPresent() || tokenFile == null || !Files.isReadable(tokenFile) || Files.isDirectory(tokenFile)) {
            return token;
        }
        String text = new String(Files.readAllBytes(tokenFile), StandardCharsets.UTF_8).strip();
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
