package org.clip4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.clip4j.testing.TokenizerGoldens;
import org.junit.jupiter.api.Test;

/** The reference's tokens with the real vocabulary. */
class TokenizerGoldenTest {
    @Test
    void givesTheReferencesTokensForEveryCase() throws IOException {
        ClipTokenizer tokenizer = ClipTokenizer.of(realVocabulary(), 77);
        List<String> failures = new ArrayList<>();
        List<TokenizerGoldens.Case> cases = TokenizerGoldens.cases();
        for (TokenizerGoldens.Case golden : cases) {
            String failure = check(golden, tokenizer.withFtfy(golden.ftfy()));
            if (failure != null) {
                failures.add(golden.category() + " ftfy=" + golden.ftfy() + " '" + golden.text() + "': " + failure);
            }
        }
        assertThat(cases).hasSize(2 * 494);
        assertThat(failures).isEmpty();
    }

    private static String check(TokenizerGoldens.Case golden, ClipTokenizer tokenizer) {
        try {
            List<Integer> truncated = boxed(tokenizer.encodeTruncated(golden.text()));
            if (!truncated.equals(golden.tokens())) {
                return "expected " + golden.tokens() + " actual " + truncated;
            }
            List<Integer> whole = boxed(tokenizer.encode(golden.text()));
            return whole.equals(golden.tokens()) && golden.length() <= 77 ? null : "expected to be too long";
        } catch (TextTooLongException e) {
            return e.tokens() == golden.length() ? null : "expected " + golden.length() + " tokens: " + e.getMessage();
        } catch (InvalidTextException e) {
            return golden.tokens() == null ? null : e.getMessage();
        }
    }

    @Test
    void decodesAsTheReferenceDoes() throws IOException {
        ClipTokenizer tokenizer = ClipTokenizer.of(realVocabulary(), 77);
        for (TokenizerGoldens.Case golden : TokenizerGoldens.cases()) {
            if (golden.decoded() != null && golden.tokens() != null && golden.length() <= 77) {
                int[] ids = golden.tokens().stream().mapToInt(Integer::intValue).toArray();
                assertThat(tokenizer.decode(ids)).contains(golden.decoded().strip());
            }
        }
    }

    @Test
    void namesTheSpecialTokens() throws IOException {
        ClipTokenizer tokenizer = ClipTokenizer.of(realVocabulary(), 77);
        assertThat(tokenizer.vocabSize()).isEqualTo(49408);
        assertThat(tokenizer.sot()).isEqualTo(49406);
        assertThat(tokenizer.eot()).isEqualTo(49407);
    }

    private static BpeMerges realVocabulary() throws IOException {
        Optional<Path> file = TokenizerGoldens.vocabulary();
        if (file.isEmpty()) {
            String reason = "skipped: the real vocabulary is not here; name it with -Dclip4j.vocab or CLIP4J_VOCAB";
            System.out.println(reason);
            assumeTrue(false, reason);
        }
        return BpeMerges.read(file.orElseThrow());
    }

    private static List<Integer> boxed(int[] ids) {
        List<Integer> list = new ArrayList<>(ids.length);
        for (int id : ids) {
            list.add(id);
        }
        return list;
    }
}
