package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import org.clip4j.testing.Goldens;
import org.clip4j.weights.TensorSpec;
import org.clip4j.weights.TensorTable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The hash generator, against vectors and checksums of the reference. */
class GeneratorTest {
    private static final int CHUNK = 1 << 18;

    @Test
    void hashesAsTheVectorsSay() {
        Map<?, ?> vectors = (Map<?, ?>) Goldens.json("generator/vectors.json").get("fnv1a64");
        vectors.forEach((text, hash) -> assertThat(HashedNumbers.fnv1a((String) text)).as("fnv1a of '%s'", text)
                .isEqualTo(Long.parseUnsignedLong((String) hash, 16)));
    }

    @Test
    void drawsTheSequenceOfSplittableRandom() {
        long key = HashedNumbers.key("lab-shared-1", "logit_scale");
        SplittableRandom random = new SplittableRandom(key);
        for (int i = 0; i < 1000; i++) {
            assertThat(HashedNumbers.bits(key, i)).isEqualTo(random.nextLong());
        }
    }

    @Test
    void makesTheTensorsOfTheVectors() {
        for (Object item : (List<?>) Goldens.json("generator/vectors.json").get("tensors")) {
            Map<?, ?> vector = (Map<?, ?>) item;
            List<Integer> shape = integers(vector.get("shape"));
            WeightGenerator generator = WeightGenerator.of((String) vector.get("seed"), (String) vector.get("name"),
                    shape);
            for (Object value : (List<?>) vector.get("values")) {
                List<?> triple = (List<?>) value;
                assertThat(Float.floatToRawIntBits(generator.value((Integer) triple.get(0)))).as("%s", vector)
                        .isEqualTo(Integer.parseUnsignedInt((String) triple.get(1), 16));
            }
            assertThat(crc(generator, shape)).as("%s", vector).isEqualTo(vector.get("crc32"));
        }
    }

    /** Names, order, shapes and values of whole models; each tensor is made once though models share some. */
    @Test
    void makesAllTensorsOfTheNineArchitectures() {
        Map<String, String> known = new HashMap<>();
        for (String architecture : PublishedArchitectures.names()) {
            String file = "full/" + architecture.replaceAll("[/@]", "-") + ".tensors.json";
            Map<?, ?> expected = (Map<?, ?>) Goldens.json(file).get("tensors");
            List<String> names = new ArrayList<>();
            for (Object name : expected.keySet()) {
                if (!((String) name).endsWith("num_batches_tracked")) {
                    names.add((String) name);
                }
            }
            List<TensorSpec> table = TensorTable.of(PublishedArchitectures.of(architecture));
            assertThat(table).extracting(TensorSpec::name).as(architecture).containsExactlyElementsOf(names);
            for (TensorSpec spec : table) {
                List<?> row = (List<?>) expected.get(spec.name());
                assertThat(spec.shape()).as("%s %s", architecture, spec.name()).isEqualTo(integers(row.get(0)));
                if (spec.elements() <= maxElements(architecture)) {
                    String crc = known.computeIfAbsent(spec.name() + spec.shape(),
                            key -> crc(WeightGenerator.of(Synth.DEFAULT_SEED, spec.name(), spec.shape()),
                                    spec.shape()));
                    assertThat(crc).as("%s %s", architecture, spec.name()).isEqualTo(row.get(1));
                }
            }
        }
    }

    /** Whole models where they are small; tensors up to a million values of the others, to save time. */
    private static long maxElements(String architecture) {
        return architecture.equals("ViT-B/32") || architecture.equals("RN50") ? Long.MAX_VALUE : 1_000_000;
    }

    @ParameterizedTest
    @ValueSource(strings = {"ViT-B-32", "RN50"})
    void makesTheInputsOfTheGoldens(String name) {
        Map<String, Object> index = Goldens.full(name).index();
        int resolution = (Integer) index.get("image_resolution");
        List<?> images = (List<?>) index.get("images");
        for (int b = 0; b < images.size(); b++) {
            if (!((String) images.get(b)).startsWith("generated")) {
                continue;
            }
            ByteBuffer bytes = ByteBuffer.allocate(4 * 3 * resolution * resolution).order(ByteOrder.LITTLE_ENDIAN);
            FloatBuffer floats = bytes.asFloatBuffer();
            InputGenerator.image((String) index.get("input_seed"), (String) index.get("arch"), resolution, b, floats);
            CRC32 crc = new CRC32();
            crc.update(bytes);
            assertThat(String.format("%08x", crc.getValue()))
                    .isEqualTo(((List<?>) index.get("input_tensor_crc32_f32")).get(b));
        }
    }

    private static String crc(WeightGenerator generator, List<Integer> shape) {
        long elements = 1;
        for (int size : shape) {
            elements *= size;
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(4 * CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        CRC32 crc = new CRC32();
        for (long from = 0; from < elements; from += CHUNK) {
            generator.fill(from, (int) Math.min(CHUNK, elements - from), bytes.clear());
            crc.update(bytes.flip());
        }
        return String.format("%08x", crc.getValue());
    }

    private static List<Integer> integers(Object list) {
        return ((List<?>) list).stream().map(Integer.class::cast).toList();
    }
}
