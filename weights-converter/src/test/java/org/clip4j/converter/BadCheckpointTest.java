package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.clip4j.kernels.DType;
import org.clip4j.testing.Goldens;
import org.clip4j.weights.SafetensorsHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A checkpoint that cannot be converted faithfully is refused by one line that names what is wrong. */
class BadCheckpointTest {
    @TempDir
    Path folder;

    private void expectRefused(Path source, ConvertOptions options, String... parts) {
        Path out = folder.resolve("out.safetensors");
        var refusal = assertThatThrownBy(() -> Converter.convert(source, out, options, ProgressListener.NONE))
                .isInstanceOf(CheckpointException.class).hasMessageMatching("[^\\n]+");
        for (String part : parts) {
            refusal.hasMessageContaining(part);
        }
        assertThat(folder).isDirectoryNotContaining(path -> path.toString().contains("out.safetensors"));
    }

    /** Puts a value of any bits into an f32 tensor of a safetensors file. */
    private static void poke(Path file, String tensor, int index, float value) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            SafetensorsHeader header = SafetensorsHeader.read(channel, file.toString());
            SafetensorsHeader.Entry entry = header.tensors().stream().filter(found -> found.name().equals(tensor))
                    .findFirst().orElseThrow();
            channel.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, value),
                    header.dataStartBytes() + entry.begin() + 4L * index);
        }
    }

    private static void replace(Path file, String from, String to) throws IOException {
        String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertThat(text).contains(from);
        int at = text.indexOf(from);
        Files.write(file, (text.substring(0, at) + to + text.substring(at + from.length()))
                .getBytes(StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @CsvSource({"NaN", "Infinity", "-Infinity"})
    void namesTheTensorThatIsNotFinite(float value) throws IOException {
        Path source = Goldens.copy("tiny/openclip_vit_quickgelu", folder);
        poke(source.resolve("open_clip_model.safetensors"), "visual.proj", 77, value);
        expectRefused(source, ConvertOptions.DEFAULTS, "not finite: name=visual.proj index=77 value=" + value);
        expectRefused(source, new ConvertOptions(Optional.empty(), Optional.of(DType.F16), Optional.empty()),
                "not finite: name=visual.proj index=77 value=" + value);
    }

    @ParameterizedTest
    @CsvSource({"1000", "-1000"})
    void refusesALogitScaleThatMakesNoLogits(float value) throws IOException {
        Path source = Goldens.copy("tiny/openclip_vit_quickgelu", folder);
        poke(source.resolve("open_clip_model.safetensors"), "logit_scale", 0, value);
        expectRefused(source, ConvertOptions.DEFAULTS, "name=logit_scale value=" + value, "file=" + source);
    }

    @Test
    void namesTheValueThatIsTooLargeForTheTypeAskedFor() throws IOException {
        Path source = Goldens.copy("tiny/openclip_vit_quickgelu", folder);
        poke(source.resolve("open_clip_model.safetensors"), "visual.proj", 5, 1e5f);
        expectRefused(source, new ConvertOptions(Optional.empty(), Optional.of(DType.F16), Optional.empty()),
                "too large for F16: name=visual.proj index=5 value=100000.0", "--dtype f32 or bf16");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "\"ln_final.bias\"|\"ln_final.bogs\"|missing: name=ln_final.bias expected=[64]",
            "\"shape\":[1000,64]|\"shape\":[64,1000]|"
                    + "wrong shape: name=token_embedding.weight expected=[1000, 64] actual=[64, 1000]"})
    void namesTheTensorThatIsMissingOrMisshaped(String from, String to, String message) throws IOException {
        Path source = Goldens.copy("tiny/openclip_vit_quickgelu", folder);
        replace(source.resolve("open_clip_model.safetensors"), from, to);
        expectRefused(source, ConvertOptions.DEFAULTS, message, source.toString());
    }

    @Test
    void namesTheTensorThatIsTooMany() throws IOException {
        Path source = Goldens.copy("tiny/openclip_vit_quickgelu", folder);
        replace(source.resolve("open_clip_config.json"), "\"layers\": 2", "\"layers\": 1");
        expectRefused(source, ConvertOptions.DEFAULTS, "does not know: name=visual.transformer.resblocks.1.");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "\"quick_gelu\": true|\"quick_gelu\": \"yes\"|model_cfg.quick_gelu",
            "\"embed_dim\": 32|\"embed_dim\": 32, \"multimodal_cfg\": {}|model_cfg.multimodal_cfg",
            "\"patch_size\": 8|\"patch_size\": 8, \"timm_model_name\": \"vit\"|model_cfg.vision_cfg.timm_model_name",
            "\"patch_size\": 8|\"patch_size\": 8, \"pool_type\": \"avg\"|model_cfg.vision_cfg.pool_type",
            "\"heads\": 1|\"heads\": 1, \"hf_model_name\": \"bert\"|model_cfg.text_cfg.hf_model_name",
            "\"interpolation\": \"bicubic\"|\"interpolation\": \"bilinear\"|preprocess_cfg.interpolation",
            "\"resize_mode\": \"shortest\"|\"resize_mode\": \"squash\"|preprocess_cfg.resize_mode",
            "\"width\": 64|\"width\": 129|model_cfg.vision_cfg.head_width",
            "\"layers\": 2|\"layers\": 2000000000|vision.layers"})
    void refusesWhatAnOpenClipConfigurationAsksForAndIsNotBuilt(String from, String to, String field)
            throws IOException {
        Path source = Goldens.copy("tiny/openclip_vit_quickgelu", folder);
        replace(source.resolve("open_clip_config.json"), from, to);
        expectRefused(source, ConvertOptions.DEFAULTS, field);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "config.json|\"model_type\": \"clip\"|\"model_type\": \"siglip\"|model_type",
            "config.json|\"hidden_act\": \"quick_gelu\"|\"hidden_act\": \"gelu_new\"|hidden_act",
            "config.json|\"layer_norm_eps\": 1e-05|\"layer_norm_eps\": 1e-06|layer_norm_eps",
            "config.json|\"num_channels\": 3|\"num_channels\": 4|num_channels",
            "config.json|{|[|not a JSON object",
            "preprocessor_config.json|\"resample\": 3|\"resample\": 2|resample",
            "preprocessor_config.json|\"do_center_crop\": true|\"do_center_crop\": false|do_center_crop",
            "preprocessor_config.json|\"shortest_edge\": 32|\"height\": 32, \"width\": 32|shortest_edge",
            "preprocessor_config.json|\"shortest_edge\": 32|\"shortest_edge\": 36|size",
            "preprocessor_config.json|\"do_resize\": true|\"do_resize\": false|do_resize",
            "preprocessor_config.json|\"do_normalize\": true|\"do_normalize\": false|do_normalize",
            "preprocessor_config.json|{|{\"do_rescale\": false,|do_rescale",
            "preprocessor_config.json|{|{\"rescale_factor\": 0.5,|rescale_factor",
            "preprocessor_config.json|CLIPImageProcessor|ViTImageProcessor|image_processor_type",
            "preprocessor_config.json|{|{\"feature_extractor_type\": \"ViTFeatureExtractor\",|feature_extractor_type",
            "preprocessor_config.json|{|{\"crop_pct\": 0.9,|crop_pct",
            "config.json|clip_text_model|bert|text_config.model_type",
            "config.json|clip_vision_model|siglip_vision_model|vision_config.model_type",
            "model.safetensors.index.json|model-00001-of-00002.safetensors|/|a file in the same folder",
            "model.safetensors.index.json|model-00001-of-00002.safetensors|\\u0000|a file in the same folder",
            "model.safetensors.index.json|model-00001-of-00002.safetensors||a file in the same folder",
            "model.safetensors.index.json|model-00001-of-00002|../model-00001-of-00002|a file in the same folder",
            "model.safetensors.index.json|model-00001-of-00002|model-00003-of-00002|model-00003-of-00002",
            "merges.txt|i n|i  n|merge of two symbols",
            "merges.txt|t h|i n|another order",
            "merges.txt|i n|#|another order"})
    void refusesWhatAHuggingFaceFolderAsksForAndIsNotBuilt(String file, String from, String to, String message)
            throws IOException {
        Path source = Goldens.copy("tiny/hf_vit_gelu_sharded", folder);
        String written = from.equals("\"hidden_act\": \"quick_gelu\"") ? "\"hidden_act\": \"gelu\"" : from;
        replace(source.resolve(file), written, to == null ? "" : to);
        if (to != null && to.startsWith("model-00003")) {
            Files.copy(source.resolve("model-00001-of-00002.safetensors"),
                    source.resolve("model-00003-of-00002.safetensors"));
            expectRefused(source, ConvertOptions.DEFAULTS, "is in two shards");
            return;
        }
        expectRefused(source, ConvertOptions.DEFAULTS, message);
    }

    @Test
    void refusesAVocabularyThatIsTooSmall() throws IOException {
        Path vocab = Files.writeString(folder.resolve("vocab.txt"), "#version: 0.2\na b\nb c\n");
        expectRefused(Goldens.copy("tiny/state_dict_vit_f32.pt", folder),
                new ConvertOptions(Optional.of(vocab), Optional.empty(), Optional.empty()),
                "expectedMerges=486 actualMerges=2", vocab.toString());
    }

    @Test
    void saysWhatAVocabularyIsThatIsNone() throws IOException {
        Path source = Goldens.copy("tiny/state_dict_vit_f32.pt", folder);
        Path picture = Files.write(folder.resolve("a.png"), new byte[]{(byte) 0x89, 'P', 'N', 'G', '\r', '\n'});
        expectRefused(source, new ConvertOptions(Optional.of(folder), Optional.empty(), Optional.empty()),
                "vocabulary is a folder", folder.toString());
        expectRefused(source, new ConvertOptions(Optional.of(picture), Optional.empty(), Optional.empty()),
                "not a vocabulary", "line=1 offsetBytes=0 byte=0x89", picture.toString());
        expectRefused(source,
                new ConvertOptions(Optional.of(folder.resolve("none")), Optional.empty(), Optional.empty()),
                "does not exist");
    }

    @Test
    void refusesAnUnknownArchitecture() throws IOException {
        Path source = Goldens.copy("tiny/openclip_custom_text.safetensors", folder);
        replace(source, "\"visual.proj\"", "\"visual.prox\"");
        expectRefused(source, ConvertOptions.DEFAULTS, "unknown architecture", source.toString());
    }

    @Test
    void refusesWhatIsNoCheckpoint() throws IOException {
        expectRefused(folder.resolve("none.pt"), ConvertOptions.DEFAULTS, "does not exist");
        expectRefused(Files.createDirectory(folder.resolve("empty")), ConvertOptions.DEFAULTS, "neither config.json");
        expectRefused(Files.write(folder.resolve("a.pt"), new byte[0]), ConvertOptions.DEFAULTS, "not a checkpoint");
        expectRefused(Files.writeString(folder.resolve("b.pt"), "just some text"), ConvertOptions.DEFAULTS,
                "not a checkpoint");
        Path lone = Goldens.copy("tiny/hf_vit_f32", folder).resolve("model.safetensors");
        expectRefused(lone, ConvertOptions.DEFAULTS, "give the folder");
    }

    @Test
    void refusesToWriteIntoAFolderThatDoesNotExist() {
        Path source = Goldens.copy("tiny/state_dict_vit_f32.pt", folder);
        assertThatThrownBy(() -> Converter.convert(source, folder.resolve("none/out.safetensors"),
                ConvertOptions.DEFAULTS, ProgressListener.NONE)).isInstanceOf(IOException.class)
                .hasMessageContaining("folder does not exist");
    }
}
