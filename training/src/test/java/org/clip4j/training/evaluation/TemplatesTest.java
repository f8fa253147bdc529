package org.clip4j.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.clip4j.testing.Goldens;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplatesTest {
    @TempDir
    private Path folder;

    @Test
    void setsAreWhatTheyAreCalled() {
        assertThat(Templates.names()).contains("imagenet80", "imagenet7", "drawn");
        List<String> all = Templates.named("imagenet80").orElseThrow();
        assertThat(all).hasSize(80).doesNotHaveDuplicates().allMatch(template -> template.indexOf("{}") >= 0
                && template.indexOf("{}") == template.lastIndexOf("{}"));
        assertThat(Templates.named("imagenet7").orElseThrow()).hasSize(7).isSubsetOf(all);
        assertThat(Templates.named("none")).isEmpty();
    }

    /** The goldens hold prompts that the reference made of its templates. */
    @Test
    void imagenetTemplatesMakeThePromptsOfTheReference() throws IOException {
        List<String> prompts = new ArrayList<>();
        for (String line : Files.readAllLines(Goldens.copy("tokenizer/cases.jsonl", folder))) {
            Map<String, Object> golden = JSON.std.mapFrom(line);
            if ("imagenet_template".equals(golden.get("cat"))) {
                prompts.add((String) golden.get("text"));
            }
        }
        List<String> templates = Templates.named("imagenet80").orElseThrow();
        assertThat(prompts).isNotEmpty();
        for (String prompt : prompts) {
            assertThat(templates).as(prompt).anyMatch(template -> matches(template, prompt));
        }
    }

    @Test
    void drawnTemplatesAreSentencesOfTheDrawnWorld() {
        DrawnWorld world = new DrawnWorld(1, Split.TRAINING);
        List<String> captions = new ArrayList<>();
        for (long i = 0; i < 2000; i++) {
            captions.add(world.pair(i).caption().text());
        }
        for (String template : Templates.named("drawn").orElseThrow()) {
            assertThat(captions).as(template).anyMatch(caption -> matches(template, caption));
        }
    }

    private static boolean matches(String template, String prompt) {
        String[] around = template.split(Pattern.quote("{}"), -1);
        return prompt.startsWith(around[0]) && prompt.endsWith(around[1])
                && prompt.length() > around[0].length() + around[1].length();
    }
}
