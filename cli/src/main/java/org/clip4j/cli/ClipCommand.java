package org.clip4j.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clip4j.clip.ClipModel;
import org.clip4j.hub.HubSettings;
import org.clip4j.hub.ModelResolver;
import org.clip4j.kernels.PinnedThread;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The root of the command line: options that every command takes, and what happens to errors. */
@Command(name = "clip", mixinStandardHelpOptions = true, description = {
        "Embeds images and texts with CLIP."}, versionProvider = ClipVersion.class, sortOptions = false, footer = {
                "", "Exit codes: 0 fine, 1 failure, 2 bad usage or bad input.",
                "Environment: CLIP4J_JAVA_OPTS options for Java, CLIP4J_CACHE folder for native libraries,",
                "CLIP4J_MODELS folder for pulled models, CLIP4J_DEBUG=1 stack traces,",
                "NO_COLOR=1 tables without colour."}, synopsisSubcommandLabel = "COMMAND")
public final class ClipCommand implements Runnable {
    private static final List<String> COMMANDS = List.of("demo", "convert", "pull", "list", "rm", "verify", "synth",
            "pack", "info", "tokenize", "preprocess", "embed", "similarity", "classify", "rank", "eval", "draw",
            "train",
            "backends", "bench", "help", "generate-completion");

    private final Console console;
    private final Map<String, String> environment;
    @Mixin
    private BackendChoice backendChoice;
    @Spec
    private CommandSpec spec;
    private PinnedThread pinnedThread;

    private ClipCommand(Console console, Map<String, String> environment) {
        this.console = console;
        this.environment = environment;
    }

    private static Object newCommand(String name) {
        return switch (name) {
            case "demo" -> new DemoCommand();
            case "convert" -> new ConvertCommand();
            case "pull" -> new PullCommand();
            case "list" -> new ListCommand();
            case "rm" -> new RemoveCommand();
            case "verify" -> new VerifyCommand();
            case "synth" -> new SynthCommand();
            case "pack" -> new PackCommand();
            case "info" -> new InfoCommand();
            case "tokenize" -> new TokenizeCommand();
            case "preprocess" -> new PreprocessCommand();
            case "embed" -> new EmbedCommand();
            case "similarity" -> new SimilarityCommand();
            case "classify" -> new ClassifyCommand();
            case "rank" -> new RankCommand();
            case "train" -> new TrainCommand();
            case "draw" -> new DrawCommand();
            case "eval" -> new EvalCommand();
            case "backends" -> new BackendsCommand();
            case "bench" -> new BenchCommand();
            case "help" -> new HelpCommand();
            case "generate-completion" -> new AutoComplete.GenerateCompletion();
            default -> throw new IllegalArgumentException("no such command: name=" + name);
        };
    }

    /**
     * Runs a command line.
     *
     * @param in standard input
     * @param out machine output, in UTF-8
     * @param err everything else
     * @return 0 fine, 1 failure, 2 bad usage or bad input
     */
    public static int run(String[] args, InputStream in, OutputStream out, OutputStream err) {
        return run(args, in, out, err, System.getenv());
    }

    /** The same with other variables for what concerns pulled models. */
    static int run(String[] args, InputStream in, OutputStream out, OutputStream err,
            Map<String, String> environment) {
        Console console = new Console(in, out, err);
        Failures failures = new Failures(console);
        ClipCommand command = new ClipCommand(console, environment);
        try {
            CommandLine line = new CommandLine(command);
            addCommands(line, List.of(args));
            line.setExpandAtFiles(false);
            line.setColorScheme(CommandLine.Help.defaultColorScheme(console.colored() ? Ansi.ON : Ansi.OFF));
            PrintWriter help = console.outWriter();
            line.setOut(help);
            line.setErr(console.errWriter());
            line.setUsageHelpWidth(100);
            line.setParameterExceptionHandler(failures);
            line.setExecutionExceptionHandler(failures);
            int exitCode = line.execute(args);
            // Help and the like are printed by the library, which does not look.
            if (help.checkError()) {
                console.error("cannot write to standard output");
                return ExitCodes.FAILURE;
            }
            return exitCode;
        } catch (VirtualMachineError | LinkageError e) {
            // Not handled, but said in one line: the process ends.
            return failures.failed(e);
        } finally {
            if (command.pinnedThread != null) {
                command.pinnedThread.close();
            }
        }
    }

    /** Reading the annotations of all commands takes longer than many a command does: only those named are read. */
    private static void addCommands(CommandLine line, List<String> args) {
        boolean all = args.contains("help") || args.contains("generate-completion")
                || (!args.contains("--version") && COMMANDS.stream().noneMatch(args::contains));
        for (String name : COMMANDS) {
            if (all || args.contains(name)) {
                line.addSubcommand(name, newCommand(name));
                line.getSubcommands().get(name).getCommandSpec().versionProvider(new ClipVersion());
            }
        }
    }

    Console console() {
        return console;
    }

    /** Where pulled models come from and are. */
    HubSettings hubSettings() {
        return HubSettings.of(environment, Path.of(System.getProperty("user.home")));
    }

    /** The model file that a path, or the name of a pulled model, means. */
    Path modelFile(Path given) throws IOException {
        return new ModelResolver(hubSettings()).resolve(given);
    }

    /** Binds the command's thread until the command ends, where that was asked for; the model's threads are there already. */
    void pinThread(ClipModel loaded) {
        if (backendChoice.pinned() && pinnedThread == null) {
            pinnedThread = loaded.pinThread();
        }
    }

    BackendChoice backendChoice() {
        return backendChoice;
    }

    /** Without a command. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command: expected one of "
                + String.join(", ", COMMANDS));
    }
}
