package org.clip4j.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.clip4j.hub.CacheContents;
import org.clip4j.hub.CachedDownload;
import org.clip4j.hub.PulledModel;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelFileException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What has been pulled. */
@Command(name = "list", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Lists the models that --model takes by name, and what was downloaded for them."})
final class ListCommand implements Callable<Integer> {
    private static final int MAX_SOURCE = 20;
    private static final int MAX_NAME = 60;
    private static final double BYTES_PER_MEGABYTE = 1e6;

    @ParentCommand
    private ClipCommand clip;
    @Option(names = "--json", description = "Print {\"models\":[...],\"downloads\":[...]}.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        CacheContents contents = new CacheContents(clip.hubSettings());
        List<Map<String, Object>> models = new ArrayList<>();
        for (PulledModel model : contents.models()) {
            try (ModelFile file = ModelFile.open(model.path())) {
                models.add(facts(model, file));
            } catch (ModelFileException e) {
                clip.console().itemFailed(model.name(), e.getMessage() + "; remove it: clip rm " + model.name());
            }
        }
        List<CachedDownload> downloads = contents.downloads();
        if (json) {
            clip.console().print(Json.line(Json.object("models", models, "downloads",
                    downloads.stream().map(ListCommand::facts).toList())));
        } else {
            print(models, downloads);
        }
        return clip.console().exitCode();
    }

    /** What a model file and its place say. */
    static Map<String, Object> facts(PulledModel model, ModelFile file) {
        Map<String, Object> source = Json.object("file", file.source().file());
        file.source().sha256().ifPresent(hash -> source.put("sha256", hash));
        return Json.object("name", model.name(), "revision", model.revision(), "variant", model.variant(), "precision",
                file.precision(), "size_bytes", model.sizeBytes(), "source", source, "path", model.path().toString());
    }

    private static Map<String, Object> facts(CachedDownload download) {
        return Json.object("name", download.name(), "size_bytes", download.sizeBytes(), "complete",
                download.complete(), "path", download.folder().toString());
    }

    private void print(List<Map<String, Object>> models, List<CachedDownload> downloads) {
        if (models.isEmpty() && downloads.isEmpty()) {
            clip.console().note("nothing has been pulled; 'clip pull NAME' fetches a published model");
            return;
        }
        Table table = new Table(Table.Align.LEFT, Table.Align.LEFT, Table.Align.RIGHT, Table.Align.LEFT,
                Table.Align.LEFT);
        table.row("name", "precision", "size", "source", "path");
        for (Map<String, Object> model : models) {
            table.row(Table.cut(String.valueOf(model.get("name")), MAX_NAME), String.valueOf(model.get("precision")),
                    megabytes((Long) model.get("size_bytes")), source(model), String.valueOf(model.get("path")));
        }
        for (CachedDownload download : downloads) {
            table.row(download.name(), "-", megabytes(download.sizeBytes()),
                    download.complete() ? "download" : "download, incomplete", download.folder().toString());
        }
        table.print(clip.console());
    }

    /** A file of OpenAI, or the commit of a repository. */
    private static String source(Map<String, Object> model) {
        Object file = ((Map<?, ?>) model.get("source")).get("file");
        return model.get("revision") + " " + Table.cut(String.valueOf(file), MAX_SOURCE);
    }

    static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / BYTES_PER_MEGABYTE);
    }
}
