package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JSON line per text, whatever the text holds. */
class TokenizeCommandTest {
    @TempDir
    static Path folder;
    private static String vocab;

    @BeforeAll
    static void copyVocabulary() {
        vocab = TinyModels.vocab(folder);
    }

    @Test
    void agreesWithTheGoldensWithModelAndWithVocabulary() {
        int[] golden = Goldens.tiny().ints("vit/tokens"); // [texts, context], zeros behind the end
        String[] texts = TinyModels.texts().toArray(String[]::new);
        for (List<String> source : List.of(List.of("--model", TinyModels.vit(folder)), List.of("--vocab", vocab))) {
            CommandRun run = CommandRun.of(TinyModels.concat(TinyModels.prepend("tokenize", source), List.of(texts)));
            List<Map<String, Object>> lines = run.jsonLines();
            for (int i = 0; i < texts.length; i++) {
                double[] tokens = lines.get(i).containsKey("error")
                        ? new double[0]
                        : TinyModels.numbers(lines.get(i).get("tokens"));
                // The goldens are cut at the model's context; with a vocabulary alone the context is 77.
                for (int k = 0; k < tokens.length && tokens.length <= TinyModels.CONTEXT_LENGTH; k++) {
                    assertThat((int) tokens[k]).as("text %d token %d", i, k)
                            .isEqualTo(golden[i * TinyModels.CONTEXT_LENGTH + k]);
                }
            }
        }
    }

    @Test
    void readsJsonStringsAndObjects() {
        String lines = "\"cat\"\n{\"text\":\"caf\\u00e9\",\"id\":7}\n\n\"\"\n";
        CommandRun run = CommandRun.withInput(lines, "tokenize", "--vocab", vocab, "--jsonl", "-").succeeded();
        assertThat(run.jsonLines()).extracting(line -> line.get("text")).containsExactly("cat", "caf\u00e9", "");
        assertThat(run.out()).contains("{\"text\":\"caf\u00e9\",\"tokens\":[")
                .contains("{\"text\":\"\",\"tokens\":[998,999]}");
    }

    @Test
    void readsPlainLines() throws Exception {
        Path file = Files.writeString(folder.resolve("texts.txt"), "cat\r\n\"dog\"");
        CommandRun run = CommandRun.of("tokenize", "--vocab", vocab, "--texts", file.toString()).succeeded();
        assertThat(run.jsonLines()).extracting(line -> line.get("text")).containsExactly("cat", "\"dog\"");
    }

    @Test
    void oneBadLineDoesNotStopTheOthers() {
        byte[] lines = "\"cat\"\nnonsense\n{\"label\":1}\n\"\u00ff\u00fe\"\n\"dog\"\n"
                .getBytes(StandardCharsets.ISO_8859_1);
        CommandRun run = CommandRun.withInput(lines, "tokenize", "--vocab", vocab, "--jsonl", "-");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.jsonLines()).extracting(line -> line.containsKey("error")).containsExactly(false, true,
                true, true, false);
        assertThat(run.err().lines()).hasSize(3).allMatch(line -> line.startsWith("clip: error: "));
        assertThat(run.err()).contains("not UTF-8").contains("not JSON").contains("'text'");
    }

    @Test
    void saysWhereALineIsNotJson() {
        CommandRun.withInput("{\"text\":\n", "tokenize", "--vocab", vocab, "--jsonl", "-").refused()
                .contains("not JSON").contains("column").doesNotContain("Source").doesNotContain("REDACTED");
    }

    @Test
    void aLineBeyondTheLimitDoesNotStopTheOthers() {
        String lines = "cat\n" + "x".repeat((16 << 20) + 1) + "\ndog\n";
        CommandRun run = CommandRun.withInput(lines, "tokenize", "--vocab", vocab, "--texts", "-");
        run.refused().contains("too long").contains("line=2").contains("maxBytes=16777216");
        assertThat(run.jsonLines()).extracting(line -> line.containsKey("error")).containsExactly(false, true, false);
    }

    @Test
    void refusesFolders() {
        String name = folder.toString();
        CommandRun.of("tokenize", "--vocab", name, "cat").refused().contains("--vocab " + name);
        CommandRun.of("tokenize", "--vocab", vocab, "--jsonl", name).refused().contains("--jsonl " + name);
        CommandRun.of("tokenize", "--vocab", vocab, "--jsonl", "-", "--texts", "-").refused().contains("once");
    }

    @Test
    void loneSurrogatesAreRepairedOrRefusedAndPrintedAsEscapes() {
        String line = "\"a \\ud83d b\"\n";
        CommandRun repaired = CommandRun.withInput(line, "tokenize", "--vocab", vocab, "--jsonl", "-").succeeded();
        assertThat(repaired.out()).startsWith("{\"text\":\"a \\ud83d b\",\"tokens\":[");
        CommandRun refused = CommandRun.withInput(line, "tokenize", "--vocab", vocab, "--jsonl", "-", "--no-ftfy");
        refused.refused().contains("lone surrogate");
        assertThat(refused.out()).startsWith("{\"text\":\"a \\ud83d b\",\"error\":\"");
        assertThat(Json.line("a\ud83d\udc31b\udc31")).isEqualTo("\"a\ud83d\udc31b\\udc31\"");
    }

    @Test
    void saysHowLongATextIsThatIsTooLong() {
        String text = "cat ".repeat(80);
        CommandRun run = CommandRun.of("tokenize", "--vocab", vocab, text, "cat");
        run.refused().contains("tokens=162").contains("limit=77").contains("--truncate");
        assertThat(run.jsonLines()).hasSize(2);
        assertThat(CommandRun.of("tokenize", "--vocab", vocab, text, "--truncate").succeeded().out())
                .contains(",999]}");
    }

    @Test
    void refusesVocabulariesThatAreNone() throws Exception {
        Path file = Files.writeString(folder.resolve("words.txt"), "#version: 0.2\none\ntwo words here\n");
        CommandRun.of("tokenize", "--vocab", file.toString(), "cat").refused().contains("line=2");
        CommandRun.of("tokenize", "--vocab", folder.resolve("none").toString(), "cat").refused().contains("none");
        CommandRun.of("tokenize", "--vocab", vocab).refused().contains("--jsonl");
        CommandRun.of("tokenize", "--vocab", vocab, "--model", "x", "cat").refused().contains("exclusive");
    }

    @Test
    void takesTextsThatLookLikeOptionsBehindTwoDashes() {
        assertThat(
                CommandRun.of("tokenize", "--vocab", vocab, "--", "--cat").succeeded().jsonLines().get(0).get("text"))
                .isEqualTo("--cat");
        CommandRun.of("tokenize", "--vocab", vocab, "--cat").refused().contains("--cat");
    }
}
