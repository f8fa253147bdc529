package org.clip4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** What could run a model here. */
@Command(name = "backends", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Shows every backend: usable or why not, threads, instruction set, precisions; * marks the one"
                + " that auto takes. Then what is in force beside them: pinning, huge pages, how images come in."})
final class BackendsCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    @Override
    public Integer call() {
        BackendChoice choice = clip.backendChoice();
        choice.loadOptions();
        InForce inForce = new InForce(choice);
        List<Map<String, Object>> facts = new ArrayList<>();
        boolean taken = false;
        for (BackendProvider provider : Backends.providers()) {
            Probe probe = provider.probeFully();
            boolean auto = !taken && choice.isOnDevice(provider) && probe.usable()
                    && probe.precisions().contains(choice.precision());
            taken = taken || auto;
            facts.add(Json.object("name", provider.name(), "device", provider.device(), "usable", probe.usable(),
                    "auto", auto, "threads", choice.threads(), "precisions",
                    probe.precisions().stream().map(Precision::label).toList(), "detail",
                    Console.oneLine(probe.detail())));
        }
        if (json) {
            clip.console().print(Json.line(Json.object("processor", Processor.describe(), "backends", facts, "in_force",
                    inForce.toJson())));
        } else {
            print(facts);
            inForce.lines().forEach((name, line) -> clip.console().print(name + ": " + Console.oneLine(line)));
        }
        return ExitCodes.OK;
    }

    private void print(List<Map<String, Object>> facts) {
        Table table = new Table(Table.Align.LEFT, Table.Align.LEFT, Table.Align.LEFT, Table.Align.LEFT,
                Table.Align.RIGHT, Table.Align.LEFT, Table.Align.LEFT);
        table.row("", "backend", "device", "usable", "threads", "precisions", "detail");
        for (Map<String, Object> fact : facts) {
            List<?> precisions = (List<?>) fact.get("precisions");
            table.row(Boolean.TRUE.equals(fact.get("auto")) ? "*" : "", (String) fact.get("name"),
                    (String) fact.get("device"), Boolean.TRUE.equals(fact.get("usable")) ? "yes" : "no",
                    String.valueOf(fact.get("threads")),
                    precisions.isEmpty() ? "-" : String.join(",", precisions.stream().map(String::valueOf).toList()),
                    (String) fact.get("detail"));
        }
        table.print(clip.console());
    }
}
