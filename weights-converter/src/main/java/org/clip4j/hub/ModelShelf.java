package org.clip4j.hub;

import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.clip4j.kernels.DType;

/**
 * The folder of converted models: {@code ORG--NAME/REVISION.VARIANT.safetensors}. Beside them, in folders that start
 * with a dot, OpenAI's checkpoints and locks. Thread-safe.
 */
public final class ModelShelf {
    /** Instead of a revision, for files that have none. */
    public static final String PUBLISHED = "published";
    /** The variant of weights as they were published. */
    public static final String SOURCE = "source";

    private static final List<String> VARIANTS = List.of(SOURCE, "f32", "f16", "bf16");
    private static final List<String> FIRST_REVISIONS = List.of(PUBLISHED, "main");
    private static final Pattern FILE = Pattern.compile("(.+)\\.(source|f32|f16|bf16)\\.safetensors");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]*(/[A-Za-z0-9][A-Za-z0-9._@-]*)?");

    private final Path folder;

    /** The folder may not exist; it is made when something is put there. */
    public ModelShelf(HubSettings settings) {
        this.folder = settings.models();
    }

    /** The folder itself. */
    public Path folder() {
        return folder;
    }

    /** Whether a model can have the name at all. */
    static boolean isName(String name) {
        return NAME.matcher(name).matches() && !name.contains("..") && !name.contains("--");
    }

    Path folderOf(String name) {
        return folder.resolve(name.replace("/", "--"));
    }

    Path file(String name, String revision, Optional<DType> dtype) {
        return folderOf(name).resolve(URLEncoder.encode(revision, StandardCharsets.UTF_8) + "." + variant(dtype)
                + ".safetensors");
    }

    static String variant(Optional<DType> dtype) {
        return dtype.map(type -> type.name().toLowerCase(Locale.ROOT)).orElse(SOURCE);
    }

    Path lock(Path file) {
        return folder.resolve(".locks").resolve(file.getParent().getFileName() + "." + file.getFileName() + ".lock");
    }

    /** The folder of one of OpenAI's checkpoints. */
    Path downloads(OpenAiCheckpoint checkpoint) {
        return folder.resolve(".downloads").resolve(checkpoint.sha256());
    }

    /** All converted models, by name, each one's best variant first. */
    public List<PulledModel> list() throws IOException {
        List<PulledModel> models = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return models;
        }
        try (Stream<Path> folders = Files.list(folder)) {
            for (Path each : folders.filter(Files::isDirectory).sorted().toList()) {
                String name = each.getFileName().toString().replace("--", "/");
                if (isName(name)) {
                    addModels(name, each, models);
                }
            }
        }
        return models;
    }

    /** The converted models of one name, best first: as published, then wider types; main before other revisions. */
    public List<PulledModel> list(String name) throws IOException {
        List<PulledModel> models = new ArrayList<>();
        if (isName(name) && Files.isDirectory(folderOf(name))) {
            addModels(name, folderOf(name), models);
        }
        return models;
    }

    private static void addModels(String name, Path folder, List<PulledModel> models) throws IOException {
        List<PulledModel> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Matcher parts = FILE.matcher(file.getFileName().toString());
                if (parts.matches() && !file.getFileName().toString().startsWith(".")) {
                    found.add(new PulledModel(name, URLDecoder.decode(parts.group(1), StandardCharsets.UTF_8),
                            parts.group(2), file, Files.size(file), List.of()));
                }
            }
        }
        found.sort(Comparator.comparingInt((PulledModel model) -> rank(FIRST_REVISIONS, model.revision()))
                .thenComparing(PulledModel::revision).thenComparingInt(model -> rank(VARIANTS, model.variant())));
        models.addAll(found);
    }

    private static int rank(List<String> order, String value) {
        int index = order.indexOf(value);
        return index < 0 ? order.size() : index;
    }
}
