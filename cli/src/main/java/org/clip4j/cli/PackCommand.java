package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.clip4j.clip.PackedLayers;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Packs a model's weights once, so that every later process maps them. */
@Command(name = "pack", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Packs a model's weights for this processor and saves them beside the model, so that commands start sooner.",
        "Every command and program that loads the model with the same backend and precision maps the file, and shares"
                + " its memory with the others. With other ones, on other processors, or when the model has changed, the"
                + " file is passed over. It may be removed at any time."})
final class PackCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Parameters(paramLabel = "MODEL", description = {
            "A file that 'clip convert' wrote, or the name of a pulled model."})
    private Path model;
    @Option(names = "--json", description = "Print {\"file\":F,\"bytes\":N}.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        clip.backendChoice().checkPrecision();
        Path file = PackedLayers.pack(clip.modelFile(model), clip.backendChoice().loadOptions());
        long bytes = Files.size(file);
        if (json) {
            clip.console().print(Json.line(Json.object("file", file.toString(), "bytes", bytes)));
        } else {
            clip.console().note("wrote " + file + ": " + ListCommand.megabytes(bytes));
        }
        return ExitCodes.OK;
    }
}
