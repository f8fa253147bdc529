package org.clip4j.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.clip4j.hub.CacheContents;
import org.clip4j.hub.CachedDownload;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Frees the room that a pulled model takes. */
@Command(name = "rm", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Removes the converted files of a pulled model from the cache, and says what was freed."})
final class RemoveCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Parameters(paramLabel = "NAME", description = "A name of 'clip list'.")
    private String name;
    @Option(names = "--downloads", description = {
            "Also what was downloaded; of the hub's cache, the whole repository, which other programs may use."})
    private boolean downloads;
    @Option(names = "--json", description = "Print {\"removed\":[...],\"freed_bytes\":N}.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        List<CachedDownload> removed = new CacheContents(clip.hubSettings()).remove(name, downloads);
        long freed = removed.stream().mapToLong(CachedDownload::sizeBytes).sum();
        if (json) {
            clip.console().print(Json.line(Json.object("removed", removed.stream()
                    .map(each -> Json.object("path", each.folder().toString(), "size_bytes", each.sizeBytes()))
                    .toList(), "freed_bytes", freed)));
            return ExitCodes.OK;
        }
        for (CachedDownload each : removed) {
            clip.console().note("removed " + each.folder() + ": " + ListCommand.megabytes(each.sizeBytes()));
        }
        clip.console().note("freed " + ListCommand.megabytes(freed));
        return ExitCodes.OK;
    }
}
