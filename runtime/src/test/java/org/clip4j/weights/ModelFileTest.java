package org.clip4j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written comes back; what is not a sound model file is refused with what to do. */
class ModelFileTest {
    @TempDir
    Path folder;

    private Path model(ClipConfig config, DType dtype) throws IOException {
        return Models.write(folder.resolve("model.safetensors"), config, Models.entries(config, dtype));
    }

    @Test
    void readsBackWhatWasWritten() throws IOException {
        for (ClipConfig config : List.of(Models.transformer(), Models.resNet())) {
            List<ModelFileWriter.Entry> entries = Models.entries(config, DType.F32);
            byte[] merges = "a b\nab c</w>\n\u0120 x\n".getBytes(StandardCharsets.UTF_8);
            entries.add(new ModelFileWriter.Entry(ModelFile.MERGES, DType.U8, List.of(merges.length)));
            Path file = folder.resolve("model.safetensors");
            try (ModelFileWriter writer = ModelFileWriter.create(file, config, Models.SOURCE, entries)) {
                Models.writeAll(writer, entries);
                writer.write(ModelFile.MERGES, 0, ByteBuffer.wrap(merges, 0, 5));
                writer.write(ModelFile.MERGES, 5, ByteBuffer.wrap(merges, 5, merges.length - 5));
                writer.write("ln_final.weight", 4,
                        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, 3));
                writer.commit();
            }
            try (ModelFile model = ModelFile.open(file)) {
                assertThat(model.config()).isEqualTo(config);
                assertThat(model.source()).isEqualTo(Models.SOURCE);
                assertThat(model.precision()).isEqualTo("f32");
                assertThat(model.tensor("ln_final.weight").get(1)).isEqualTo(3);
                assertThat(model.tensor("logit_scale").rank()).isZero();
                byte[] read = new byte[merges.length];
                model.bpeMerges().orElseThrow().get(read);
                assertThat(read).isEqualTo(merges);
                assertThatThrownBy(() -> model.tensor("nothing")).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("name=nothing");
            }
        }
    }

    @Test
    void aFileInMemoryEqualsTheMappedOne() throws IOException {
        Path file = model(Models.resNet(), DType.F32);
        byte[] content = Files.readAllBytes(file);
        ByteBuffer bytes = ByteBuffer.allocateDirect(content.length + 3).position(3);
        bytes.put(content).position(3);
        try (ModelFile mapped = ModelFile.open(file);
                ModelFile model = ModelFile.read(bytes, "a resource")) {
            assertThat(bytes.position()).isEqualTo(3);
            assertThat(model.config()).isEqualTo(mapped.config());
            assertThat(model.source()).isEqualTo(mapped.source());
            assertThat(model.entries()).isEqualTo(mapped.entries());
            assertThat(model.sizeBytes()).isEqualTo(mapped.sizeBytes());
            assertThat(model.logitScale()).isEqualTo(mapped.logitScale());
            for (SafetensorsHeader.Entry entry : mapped.entries()) {
                assertThat(model.tensor(entry.name()).bytes()).as(entry.name())
                        .isEqualTo(mapped.tensor(entry.name()).bytes());
                assertThat(model.tensor(entry.name()).bytes().isReadOnly()).isTrue();
            }
            assertThat(mapped.name()).isEqualTo(file.toString());
            assertThat(model.name()).isEqualTo("a resource");
            assertThatThrownBy(model::path).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("a resource");
        }
    }

    @Test
    void aFileInMemoryIsRefusedByItsName() throws IOException {
        byte[] content = Files.readAllBytes(model(Models.transformer(), DType.F32));
        ByteBuffer cut = ByteBuffer.wrap(content, 0, content.length - 1);
        assertThatThrownBy(() -> ModelFile.read(cut, "a resource")).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("file=a resource").hasMessageContaining("truncated");
        assertThatThrownBy(() -> ModelFile.read(ByteBuffer.allocate(9), "a resource"))
                .isInstanceOf(ModelFileException.class).hasMessageContaining("file=a resource")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("clip convert"));
        ModelFile model = ModelFile.read(ByteBuffer.wrap(content), "a resource");
        model.close();
        assertThatThrownBy(() -> model.tensor("visual.proj")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("file=a resource");
    }

    @Test
    void alignsEveryTensorOfWholeCacheLines() throws IOException {
        Path file = model(Models.transformer(), DType.F32);
        try (ModelFile model = ModelFile.open(file)) {
            long start = 8L + Models.header(file).length();
            for (SafetensorsHeader.Entry entry : model.entries()) {
                long alignment = entry.sizeBytes() % 64 == 0 ? 64 : entry.dtype().sizeBytes();
                assertThat((start + entry.begin()) % alignment).as(entry.name()).isZero();
            }
        }
    }

    @Test
    void refusesUseAfterCloseAndKeepsViewsAlive() throws IOException {
        ModelFile model = ModelFile.open(model(Models.transformer(), DType.F32));
        Tensor view = model.tensor("ln_final.bias");
        model.close();
        model.close();
        assertThatThrownBy(() -> model.tensor("ln_final.bias")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(model::bpeMerges).isInstanceOf(IllegalStateException.class);
        System.gc();
        assertThat(view.get(5)).isEqualTo(5);
    }

    @Test
    void closedMapsDoNotPileUp() throws IOException {
        Path file = model(Models.transformer(), DType.F32);
        for (int i = 0; i < 1000; i++) {
            ModelFile.open(file).close();
            assertThat(ClosedMaps.waitingMaps()).isLessThanOrEqualTo(ClosedMaps.MAX_WAITING_MAPS + 1);
        }
    }

    @Test
    void namesConvertForWhatIsNotAModelFile() throws IOException {
        Path torch = Files.write(folder.resolve("model.pt"), new byte[]{'P', 'K', 3, 4, 0, 0, 8, 8, 0, 0, 0, 0});
        Path empty = Files.write(folder.resolve("empty.safetensors"), new byte[0]);
        Path foreign = Models.raw(folder.resolve("foreign.safetensors"), "{\"__metadata__\":{\"format\":\"pt\"}}", 0);
        for (Path file : List.of(torch, empty, foreign, folder)) {
            assertThatThrownBy(() -> ModelFile.open(file)).isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("clip convert").hasMessageContaining(file.toString());
        }
        assertThatThrownBy(() -> ModelFile.open(folder.resolve("none"))).isInstanceOf(ModelFileException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void namesTheTensorThatIsMissingExtraMisshapedOrOfWrongType() throws IOException {
        ClipConfig config = Models.transformer();
        List<ModelFileWriter.Entry> sound = Models.entries(config, DType.F32);
        List<ModelFileWriter.Entry> missing = new ArrayList<>(sound);
        missing.removeIf(entry -> entry.name().equals("ln_final.bias"));
        expectRefused(config, missing, "tensor is missing: name=ln_final.bias expected=[16]");
        List<ModelFileWriter.Entry> extra = new ArrayList<>(sound);
        extra.add(new ModelFileWriter.Entry("visual.surprise", DType.F32, List.of(2)));
        expectRefused(config, extra, "does not know: name=visual.surprise actual=[2]");
        expectRefused(config, replaced(sound, new ModelFileWriter.Entry("visual.proj", DType.F32, List.of(8, 16))),
                "wrong shape: name=visual.proj expected=[16, 8] actual=[8, 16]");
        expectRefused(config, replaced(sound, new ModelFileWriter.Entry("visual.proj", DType.I32, List.of(16, 8))),
                "wrong dtype: name=visual.proj expected=[F32, F16, BF16] actual=I32");
    }

    private static List<ModelFileWriter.Entry> replaced(List<ModelFileWriter.Entry> entries,
            ModelFileWriter.Entry other) {
        return entries.stream().map(entry -> entry.name().equals(other.name()) ? other : entry).toList();
    }

    private void expectRefused(ClipConfig config, List<ModelFileWriter.Entry> entries, String message)
            throws IOException {
        Path file = Models.write(folder.resolve("bad.safetensors"), config, entries);
        assertThatThrownBy(() -> ModelFile.open(file)).isInstanceOf(ModelFileException.class)
                .hasMessageContaining(message).hasMessageContaining("bad.safetensors");
    }

    @Test
    void refusesConfigurationsThatCannotBe() throws IOException {
        Path file = model(Models.transformer(), DType.F32);
        String header = Models.header(file).strip();
        int dataBytes = (int) (Files.size(file) - 8 - Models.header(file).length());
        String[][] changes = {{"\\\"heads\\\":4", "\\\"heads\\\":3", "text.width"},
                {"\\\"layers\\\":2", "\\\"layers\\\":2000000000", "text.layers"},
                {"\\\"activation\\\":\\\"gelu\\\"", "\\\"activation\\\":\\\"relu\\\"", "vision.activation"},
                {"\\\"resize\\\":\\\"shortest\\\"", "\\\"resize\\\":\\\"squash\\\"", "preprocess.resize"},
                {"\\\"embed_dim\\\":8", "\\\"embed_dim\\\":8,\\\"colour\\\":1", "colour"},
                {"\\\"embed_dim\\\":8", "\\\"embed_dim\\\":\\\"8\\\"", "embed_dim"},
                {"\"clip4j\":\"1\"", "\"clip4j\":\"2\"", "expected=1 actual=2"}};
        for (String[] change : changes) {
            assertThat(header).contains(change[0]);
            Path bad = Models.raw(folder.resolve("bad.safetensors"), header.replace(change[0], change[1]), dataBytes);
            assertThatThrownBy(() -> ModelFile.open(bad)).as(change[1]).isInstanceOf(ModelFileException.class)
                    .hasMessageContaining(change[2]).hasMessageContaining("bad.safetensors");
        }
    }

    @Test
    void findsTheFirstWeightThatIsNotFinite() throws IOException {
        ClipConfig config = Models.transformer();
        Path file = model(config, DType.BF16);
        try (ModelFile model = ModelFile.open(file)) {
            model.checkFinite();
        }
        try (ModelFileWriter writer = ModelFileWriter.create(file, config, Models.SOURCE,
                Models.entries(config, DType.BF16))) {
            Models.writeAll(writer, Models.entries(config, DType.BF16));
            writer.write("visual.proj", 6, ByteBuffer.wrap(new byte[]{(byte) 0x80, 0x7f}));
            writer.commit();
        }
        try (ModelFile model = ModelFile.open(file)) {
            assertThatThrownBy(model::checkFinite).isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("name=visual.proj index=3 value=Infinity");
        }
    }

    @Test
    void refusesALogitScaleThatMakesNoLogits() throws IOException {
        ClipConfig config = Models.transformer();
        List<ModelFileWriter.Entry> entries = Models.entries(config, DType.F32);
        Path file = folder.resolve("model.safetensors");
        for (float value : new float[]{Float.NaN, 1000, -1000, Float.POSITIVE_INFINITY}) {
            try (ModelFileWriter writer = ModelFileWriter.create(file, config, Models.SOURCE, entries)) {
                Models.writeAll(writer, entries);
                writer.write("logit_scale", 0,
                        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, value));
                writer.commit();
            }
            assertThatThrownBy(() -> ModelFile.open(file)).isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("name=logit_scale value=" + value).hasMessageContaining("file=" + file);
        }
        try (ModelFile model = ModelFile.open(model(config, DType.F32))) {
            assertThat(model.logitScale()).isEqualTo(1);
        }
    }
}
