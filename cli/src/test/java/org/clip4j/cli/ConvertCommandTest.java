package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be converted is refused in one line with exit code 2, and leaves no file behind. */
class ConvertCommandTest {
    private static final String CUSTOM = "openclip_custom_text.safetensors";

    @TempDir
    Path folder;
    private Path out;

    @BeforeEach
    void chooseOutput() {
        out = folder.resolve("out.safetensors");
    }

    private CommandRun convert(Path source, String... options) {
        return CommandRun
                .of(TinyModels.concat(List.of("convert", source.toString(), out.toString()), List.of(options)));
    }

    private void leftNothing() {
        assertThat(folder).isDirectoryNotContaining(file -> file.getFileName().toString().contains("out.safetensors"));
    }

    @Test
    void convertsAndWarnsOnStderrOnly() {
        CommandRun run = convert(Goldens.copy("tiny/state_dict_vit_f32.pt", folder)).succeeded();
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("warning: ").contains("QuickGELU").contains("--vocab").contains("wrote ");
        assertThat(CommandRun.of("info", out.toString(), "--json").succeeded().json().get("precision"))
                .isEqualTo("f32");
    }

    @Test
    void takesTypeAndActivation() {
        Path source = Goldens.copy("tiny/state_dict_vit_f32.pt", folder);
        convert(source, "--dtype", "bf16", "--activation", "gelu", "--vocab", TinyModels.vocab(folder)).succeeded();
        CommandRun info = CommandRun.of("info", out.toString()).succeeded();
        assertThat(info.out()).contains("bf16").contains("gelu").doesNotContain("quickgelu");
        convert(source, "--dtype", "int4").refused().contains("--dtype").contains("bf16");
        convert(source, "--activation", "relu").refused().contains("--activation").contains("quickgelu");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pickle_with_code.pt", "whole_module.pt"})
    void refusesPicklesWithCode(String file) {
        convert(Goldens.copy("tiny/" + file, folder)).refused().contains(file).contains("global=");
        leftNothing();
    }

    @Test
    void refusesTruncatedCheckpoints() throws Exception {
        for (String name : List.of(CUSTOM, "state_dict_vit_f32.pt", "state_dict_vit_legacy.pt")) {
            Path whole = Goldens.copy("tiny/" + name, folder);
            byte[] bytes = Files.readAllBytes(whole);
            for (int length : new int[]{0, 7, 100, bytes.length / 2, bytes.length - 1}) {
                Path cut = folder.resolve("cut-" + name);
                Files.write(cut, java.util.Arrays.copyOf(bytes, length));
                convert(cut).refused().contains("cut-" + name);
                leftNothing();
            }
        }
    }

    private Path safetensors(String header) throws Exception {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + text.length + 64).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(text.length).put(text);
        return Files.write(folder.resolve("x.safetensors"), file.array());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,1000]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[1000000,1000000,1000000],\"data_offsets\":[0,64]}}",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[16],\"data_offsets\":[0,64]},\"a\":{\"dtype\":\"F32\",\"shape\":[16],"
                    + "\"data_offsets\":[0,64]}}",
            "{\"a\":", "[]"})
    void refusesLyingSafetensorsHeaders(String header) throws Exception {
        convert(safetensors(header)).refused().contains("x.safetensors");
        leftNothing();
    }

    @Test
    void refusesHeadersLongerThanTheFile() throws Exception {
        Path file = safetensors("{}");
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, Long.MAX_VALUE);
        Files.write(file, bytes);
        convert(file).refused().contains("x.safetensors");
        leftNothing();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"text.ln_final.weight|text.ln_final.weighs|ln_final", "[64,32]|[32,64]|shape"})
    void refusesMissingExtraAndMisshapenTensors(String find, String replace, String message) throws Exception {
        Path source = Goldens.copy("tiny/" + CUSTOM, folder);
        String text = Files.readString(source, StandardCharsets.ISO_8859_1);
        assertThat(text).contains(find);
        Files.writeString(source, text.replaceFirst(java.util.regex.Pattern.quote(find), replace),
                StandardCharsets.ISO_8859_1);
        convert(source).refused().contains(message).contains(CUSTOM);
        leftNothing();
    }

    @Test
    void refusesWeightsThatAreNotFiniteAndNamesTheTensor() throws Exception {
        Path source = Goldens.copy("tiny/" + CUSTOM, folder);
        byte[] bytes = Files.readAllBytes(source);
        int header = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        // The last element of the last tensor, f32 or not: all ones are a NaN.
        java.util.Arrays.fill(bytes, bytes.length - 4, bytes.length, (byte) 0xFF);
        assertThat(bytes.length).isGreaterThan(8 + header);
        Files.write(source, bytes);
        convert(source).refused().contains("finite").contains("name=");
        leftNothing();
    }

    @Test
    void refusesUnknownArchitectures() {
        CommandRun.of("synth", "ViT-Z/99", out.toString()).refused().contains("ViT-Z/99").contains("ViT-B/32");
        leftNothing();
    }

    @Test
    void refusesPlacesThatCannotBeWritten() throws Exception {
        Path source = Goldens.copy("tiny/" + CUSTOM, folder);
        CommandRun.of("convert", source.toString(), folder.toString()).refused().contains("actual=folder");
        CommandRun.of("convert", source.toString(), folder.resolve("no/where.safetensors").toString()).refused()
                .contains("folder does not exist");
        CommandRun.of("convert", folder.resolve("none.pt").toString(), out.toString()).refused().contains("none.pt");
        CommandRun.of("convert", source.toString()).refused().contains("OUT");
    }

    @Test
    void keepsTheOldFileWhenItCannotWriteTheNewOne() throws Exception {
        Files.writeString(out, "precious");
        convert(Goldens.copy("tiny/pickle_with_code.pt", folder)).refused();
        assertThat(out).hasContent("precious");
    }

    @Test
    void leavesNothingBehindOnAFullDisk() throws Exception {
        Path source = Goldens.copy("tiny/" + CUSTOM, folder);
        SmallDisk.assertRefused(SmallDisk.run("convert", source.toString(), out.toString()), folder);
        leftNothing();
    }
}
