package org.clip4j.hub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.clip4j.weights.JsonFields;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.PackedFile;

/**
 * What lies in the caches: converted models, and downloads. Removes both, and nothing that is not in a cache: links are
 * neither followed nor taken for the folders that they name. Thread-safe.
 */
public final class CacheContents {
    private static final int MAX_CONFIG_BYTES = 4 << 20;

    private final HubSettings settings;
    private final ModelShelf shelf;
    private final HubCache cache;

    /** Of the folders that the settings name. */
    public CacheContents(HubSettings settings) {
        this.settings = settings;
        this.shelf = new ModelShelf(settings);
        this.cache = new HubCache(settings.hubCache());
    }

    /** Converted models. */
    public List<PulledModel> models() throws IOException {
        return shelf.list();
    }

    /** Downloads: OpenAI's checkpoints, and the hub's repositories of CLIP models, whoever has fetched them. */
    public List<CachedDownload> downloads() throws IOException {
        List<CachedDownload> found = new ArrayList<>();
        for (OpenAiCheckpoint checkpoint : OpenAiCheckpoint.ALL) {
            add(checkpoint.name(), shelf.downloads(checkpoint), found);
        }
        if (Files.isDirectory(settings.hubCache())) {
            try (Stream<Path> folders = Files.list(settings.hubCache())) {
                for (Path folder : folders.filter(Files::isDirectory).sorted().toList()) {
                    String name = folder.getFileName().toString().replaceFirst("^models--", "").replace("--", "/");
                    if (folder.equals(cache.repository(name)) && HubCache.isRepository(name) && isClip(folder)) {
                        add(name, folder, found);
                    }
                }
            }
        }
        return found;
    }

    private static boolean isClip(Path repository) throws IOException {
        Path snapshots = repository.resolve("snapshots");
        if (!Files.isDirectory(snapshots)) {
            // A pull that has not come to its first file.
            return false;
        }
        try (Stream<Path> commits = Files.list(snapshots)) {
            for (Path commit : commits.toList()) {
                if (Files.exists(commit.resolve("open_clip_config.json"))
                        || isClipConfig(commit.resolve("config.json"))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean isClipConfig(Path file) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) > MAX_CONFIG_BYTES) {
            return false;
        }
        try {
            return JsonFields.parse(file.toString(), new String(Files.readAllBytes(file), StandardCharsets.UTF_8))
                    .string("model_type", "").equals("clip");
        } catch (ModelFileException e) {
            // Another program's file, which is none of ours to judge.
            return false;
        }
    }

    private static void add(String name, Path folder, List<CachedDownload> found) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        long sizeBytes = 0;
        boolean complete = true;
        int count = 0;
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)).toList()) {
                sizeBytes += Files.size(file);
                complete &= !file.getFileName().toString().contains("incomplete");
                count += Files.size(file) > 0 ? 1 : 0;
            }
        }
        if (count > 0) {
            found.add(new CachedDownload(name, folder, sizeBytes, complete));
        }
    }

    /**
     * Removes what belongs to a name: its converted models in all variants with what was packed of them, and, if wanted,
     * its downloads. The vocabulary that came with one of OpenAI's checkpoints is a repository of its own and stays.
     *
     * @return the files and folders that have gone, with their sizes
     * @throws HubException when there is nothing of that name, or it lies outside of the cache
     */
    public List<CachedDownload> remove(String name, boolean downloads) throws IOException {
        List<CachedDownload> removed = new ArrayList<>();
        if (!ModelShelf.isName(name)) {
            throw HubException.input("not a model's name: name=" + name + "; 'clip list' shows what is there");
        }
        for (PulledModel model : shelf.list(name)) {
            requireInside(model.path(), shelf.folder());
            Files.delete(model.path());
            removed.add(new CachedDownload(name, model.path(), model.sizeBytes(), true));
            for (Path packed : PackedFile.allBeside(model.path())) {
                removed.add(new CachedDownload(name, packed, Files.size(packed), true));
                Files.delete(packed);
            }
        }
        if (downloads) {
            Optional<OpenAiCheckpoint> checkpoint = OpenAiCheckpoint.named(OpenAiCheckpoint.ALL, name);
            Path folder = checkpoint.isPresent() ? shelf.downloads(checkpoint.get()) : cache.repository(name);
            Path root = checkpoint.isPresent() ? shelf.folder() : settings.hubCache();
            if (Files.isDirectory(folder)) {
                requireInside(folder, root);
                add(name, folder, removed);
                deleteTree(folder);
            }
        }
        if (removed.isEmpty()) {
            throw HubException.input("nothing of that name is in the cache: name=" + name
                    + (downloads ? "" : " downloads=not looked at")
                    + "; 'clip list' shows what is there");
        }
        return removed;
    }

    /** Refuses what a link has brought here from elsewhere. */
    private static void requireInside(Path path, Path root) throws IOException {
        Path real = path.toRealPath();
        Path expected = root.toRealPath().resolve(root.relativize(path));
        if (!real.equals(expected)) {
            throw HubException.input("not removed, a link leads out of the cache: path=" + path + " actual=" + real
                    + "; remove it by hand");
        }
    }

    private static void deleteTree(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
