package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.clip4j.kernels.DType;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever bytes come in, the answer is a conversion or one line. */
class HostileCheckpointTest {
    /** Enough to find what is likely; -Dclip4j.fuzzRounds=5000 for a long look. */
    private static final int ROUNDS = Integer.getInteger("clip4j.fuzzRounds", 120);

    @TempDir
    Path folder;

    /** Opens and maps, which reads all but the weights themselves. */
    private static void open(Path file) throws IOException {
        List<String> warnings = new ArrayList<>();
        CheckpointSource source = CheckpointSource.open(file, Optional.empty(), warnings);
        try (Checkpoint checkpoint = source.checkpoint()) {
            Layout.of(checkpoint.tensors()).map(source.config(), checkpoint.tensors(), file.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai_jit_vit.pt", "state_dict_views.pt", "nested_legacy_fp16.pt",
            "state_dict_vit_legacy.pt", "openclip_training_checkpoint.pt", "whole_module.pt",
            "openclip_custom_text.safetensors"})
    void truncatedAndAlteredFilesAreConvertedOrRefused(String name) throws IOException {
        byte[] sound = Goldens.bytes("tiny/" + name);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] altered = i % 4 == 0 ? Arrays.copyOf(sound, random.nextInt(sound.length)) : sound.clone();
            for (int flips = random.nextInt(4); i % 4 != 0 && flips >= 0; flips--) {
                // Pickles and headers lie at the start, a zip's directory at the end.
                int span = Math.min(altered.length, 16_000);
                int at = random.nextBoolean() ? random.nextInt(span) : altered.length - 1 - random.nextInt(span);
                altered[at] = (byte) (random.nextBoolean() ? random.nextInt() : altered[at] ^ 1 << random.nextInt(8));
            }
            Path file = Files.write(folder.resolve("altered"), altered);
            try {
                open(file);
            } catch (CheckpointException e) {
                assertThat(e.getMessage()).doesNotContain("\n");
            } catch (IOException | RuntimeException | StackOverflowError e) {
                fail("seed=" + seed + " round=" + i, e);
            }
        }
    }

    private static Object load(byte[] pickle) throws IOException {
        return new PickleMachine(ByteBuffer.wrap(pickle), "test.pkl", new PickleGlobals(false), id -> {
            throw new CheckpointException("no storage");
        }).load();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void readsPlainValues() throws IOException {
        assertThat(load(ascii("\u0080\u0002}(X\u0001\0\0\0aK\u0007X\u0001\0\0\0b](\u0088\u0089Neu.")))
                .isEqualTo(Map.of("a", 7L, "b", List.of(true, false, PickleMachine.NONE)));
        assertThat(load(ascii("G?\u00f8\0\0\0\0\0\0."))).isEqualTo(1.5);
        assertThat(load(ascii("\u008a\u0001\u00ff."))).isEqualTo(-1L);
        assertThat(load(ascii("\u008a\0."))).isEqualTo(0L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cos\nsystem\n.", "c__builtin__\neval\n.", "cbuiltins\nexec\n.", "c__torch__\nModel\n.",
            "ctorch._utils\n_rebuild_tensor_v3\n.", "\u008c\u0002os\u008c\u0006system\u0093."})
    void refusesEveryOtherNameAndSaysIt(String pickle) {
        assertThatThrownBy(() -> load(ascii(pickle))).isInstanceOf(CheckpointException.class)
                .hasMessageContaining("global=").hasMessageContaining("nothing of it was executed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "K", "t.", "0.", "]K\u0001s.", "(K\u0001K\u0002K\u0003d.", "X\u00ff\u00ff\u00ff\u007f.",
            "X\u00ff\u00ff\u00ff\u00ff.", "h\u0005.", "i.", "P1\n.", "I1\n.", "K\u0001)R.", "K\u0001)\u0081.",
            "ccollections\nOrderedDict\nK\u0001R.", "ccollections\nOrderedDict\n(K\u0001tR.",
            "ctorch._utils\n_rebuild_tensor_v2\n)R.", "ctorch\nSize\n)R.", "ctorch\nFloatStorage\n)R.",
            "}]q\u0000h\u0000s.", "]K\u0001b.", "]q\u0000h\u0000h\u0000\u0093."})
    void refusesPicklesThatMakeNoSense(String pickle) {
        assertThatThrownBy(() -> load(ascii(pickle))).isInstanceOf(CheckpointException.class)
                .hasMessageMatching("[^\\n]+");
    }

    @Test
    void boundsWhatAPickleMakes() {
        byte[] lists = new byte[3_000_000];
        Arrays.fill(lists, (byte) ']');
        assertThatThrownBy(() -> load(lists)).isInstanceOf(CheckpointException.class).hasMessageContaining("max=");
    }

    @Test
    void refusesTensorsOutsideTheirStorage() {
        Storage storage = new Storage("0", DType.F32, 100);
        long max = Long.MAX_VALUE;
        long[][][] views = {{{0}, {101}, {1}}, {{1}, {100}, {1}}, {{0}, {2}, {100}}, {{0}, {50, 3}, {1, 0}},
                {{-1}, {1}, {1}}, {{0}, {-1}, {1}}, {{0}, {2}, {-1}}, {{max}, {2}, {max}}, {{0}, {max, max}, {1, 1}},
                {{0}, {1, 1}, {1}}};
        for (long[][] view : views) {
            List<Long> shape = Arrays.stream(view[1]).boxed().toList();
            List<Long> strides = Arrays.stream(view[2]).boxed().toList();
            assertThatThrownBy(() -> StoredTensor.of(storage, view[0][0], shape, strides))
                    .isInstanceOf(CheckpointException.class).hasMessageContaining("storageElements=100");
        }
    }

    @Test
    void modulesThatHoldThemselvesAreRefused() {
        Map<Object, Object> attributes = new HashMap<>();
        PickleMachine.Module module = new PickleMachine.Module(attributes);
        attributes.put("a", module);
        attributes.put("b", module);
        assertThatThrownBy(() -> StateDict.find(module, "test.pt")).isInstanceOf(CheckpointException.class);
    }
}
