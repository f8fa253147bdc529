package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.Tower;
import org.clip4j.hub.ModelCheck;
import org.clip4j.hub.ModelCheck.Status;
import org.clip4j.hub.PublishedNumber;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** A model's results against published ones. */
@Command(name = "verify", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Compares a model's results with what others have published about OpenAI's models.",
        "Says which numbers held, which failed, and which could not be checked and why.",
        "Exit code 1 when one failed."})
final class VerifyCommand implements Callable<Integer> {
    @ParentCommand
    private ClipCommand clip;
    @Parameters(paramLabel = "MODEL", description = {
            "A file that 'clip convert' wrote, or the name of a pulled model."})
    private Path model;
    @Option(names = "--image", paramLabel = "FILE", description = {
            "An image that numbers are about, under its own name: CLIP.png of openai/CLIP, 000000039769.jpg of COCO"
                    + " val2017. May be given again."})
    private List<Path> images = new ArrayList<>();
    @Option(names = "--numbers", paramLabel = "FILE", description = {
            "Other published numbers, JSON: {\"checks\":[{\"kind\":\"logits\",\"image\":...,\"texts\":[...],",
            "\"expected\":[...]}]}; kinds: sha256, tokens, embedding_sum, embedding_start, probabilities, logits."})
    private Path numbers;
    @Option(names = "--json", description = "Print {\"held\":N,\"failed\":N,\"not_checked\":N,\"checks\":[...]}.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        InputFiles.refuseFolder("--numbers", numbers);
        List<PublishedNumber> published = numbers == null ? PublishedNumber.builtIn() : PublishedNumber.read(numbers);
        Map<String, Path> byName = byName(published);
        Path file = clip.modelFile(model);
        ModelSource source;
        boolean hasVocabulary;
        try (ModelFile opened = ModelFile.open(file)) {
            source = opened.source();
            hasVocabulary = opened.bpeMerges().isPresent();
        }
        LoadOptions options = clip.backendChoice().loadOptions();
        clip.backendChoice().checkPrecision();
        options = byName.isEmpty() ? options.withTowers(Tower.TEXT) : options.withTowers(Tower.TEXT, Tower.IMAGE);
        List<ModelCheck.Outcome> outcomes;
        try (ClipModel loaded = ClipModel.load(file, options); ClipSession session = loaded.newSession()) {
            clip.pinThread(loaded);
            outcomes = new ModelCheck(session, source, hasVocabulary, byName).run(published);
        }
        print(outcomes);
        return count(outcomes, Status.FAILED) > 0 ? ExitCodes.FAILURE : ExitCodes.OK;
    }

    private Map<String, Path> byName(List<PublishedNumber> published) {
        List<String> expected = published.stream().flatMap(number -> number.image().stream()).distinct().toList();
        Map<String, Path> byName = new LinkedHashMap<>();
        for (Path image : images) {
            InputFiles.refuseFolder("--image", image);
            String name = String.valueOf(image.getFileName());
            if (!Files.exists(image)) {
                throw new InputException("file does not exist: --image " + image);
            }
            if (!expected.contains(name)) {
                throw new InputException("no published number is about an image of that name: --image " + image
                        + " expected one of " + String.join(", ", expected));
            }
            byName.put(name, image);
        }
        return byName;
    }

    private void print(List<ModelCheck.Outcome> outcomes) {
        if (json) {
            clip.console().print(Json.line(Json.object("held", count(outcomes, Status.HELD), "failed",
                    count(outcomes, Status.FAILED), "not_checked", count(outcomes, Status.NOT_CHECKED), "checks",
                    outcomes.stream().map(VerifyCommand::facts).toList())));
            return;
        }
        Table table = new Table(Table.Align.LEFT, Table.Align.LEFT, Table.Align.LEFT, Table.Align.LEFT);
        for (ModelCheck.Outcome outcome : outcomes) {
            PublishedNumber number = outcome.number();
            table.row(label(outcome.status()), number.kind().label().replace('_', ' '), about(number),
                    detail(outcome));
        }
        table.print(clip.console());
        clip.console().note(String.format(Locale.ROOT, "held=%d failed=%d not checked=%d",
                count(outcomes, Status.HELD), count(outcomes, Status.FAILED), count(outcomes, Status.NOT_CHECKED)));
    }

    private static long count(List<ModelCheck.Outcome> outcomes, Status status) {
        return outcomes.stream().filter(outcome -> outcome.status() == status).count();
    }

    private static String label(Status status) {
        return status.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    private static String about(PublishedNumber number) {
        return number.image().orElse(Console.brief(number.texts().get(0)));
    }

    private static String detail(ModelCheck.Outcome outcome) {
        PublishedNumber number = outcome.number();
        if (outcome.status() == Status.NOT_CHECKED) {
            return outcome.reason();
        }
        if (number.kind() == PublishedNumber.Kind.SHA256) {
            return outcome.status() == Status.HELD
                    ? number.hash()
                    : "expected=" + number.hash() + " actual=" + outcome.reason();
        }
        String numbers = ModelCheck.shown(outcome.actual());
        String expected = outcome.status() == Status.HELD ? "" : " expected=" + ModelCheck.shown(number.numbers());
        String difference = number.kind().limit() == 0
                ? ""
                : String.format(Locale.ROOT, " difference=%.1e limit=%.0e", outcome.difference(),
                        number.kind().limit());
        return numbers + expected + difference + " (" + number.source() + ")";
    }

    private static Map<String, Object> facts(ModelCheck.Outcome outcome) {
        PublishedNumber number = outcome.number();
        boolean hash = number.kind() == PublishedNumber.Kind.SHA256;
        Map<String, Object> facts = Json.object("kind", number.kind().label(), "status",
                outcome.status().name().toLowerCase(Locale.ROOT), "texts", number.texts(), "expected",
                hash ? number.hash() : number.numbers(), "source", number.source());
        number.image().ifPresent(image -> facts.put("image", image));
        if (!outcome.actual().isEmpty()) {
            facts.put("actual", outcome.actual());
            facts.put("limit", number.kind().limit());
            // JSON has no infinity, which stands for another count of numbers.
            facts.put("difference", Double.isInfinite(outcome.difference()) ? null : outcome.difference());
        }
        if (!outcome.reason().isEmpty()) {
            facts.put(hash && outcome.status() == Status.FAILED ? "actual" : "reason", outcome.reason());
        }
        return facts;
    }
}
