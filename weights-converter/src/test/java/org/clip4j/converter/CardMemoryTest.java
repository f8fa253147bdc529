package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A session that does not fit on a card says which one would, and that one does. */
class CardMemoryTest {
    /** For a session: 32 MB of it are cublasLt's. */
    private static final long LEFT_BYTES = 56L << 20;

    @TempDir
    private Path folder;

    private ClipModel model(String files) throws IOException {
        Path file = folder.resolve("model.clip");
        Converter.convert(Goldens.copy(files, folder), file,
                new ConvertOptions(Optional.empty(), Optional.empty(), Optional.empty()), ProgressListener.NONE);
        return ClipModel.load(file, TestDevices.options("cuda/cuda").withPrecision(Precision.F16));
    }

    /** Runs something while only so much of the card's memory is left. */
    private static void onFullCard(Runnable work) {
        Pointer taken = new Pointer();
        try (SizeTPointer free = new SizeTPointer(1); SizeTPointer total = new SizeTPointer(1)) {
            assertThat(cudart.cudaMemGetInfo(free, total)).isZero();
            assertThat(cudart.cudaMalloc(taken, free.get() - LEFT_BYTES)).isZero();
        }
        try {
            work.run();
        } finally {
            cudart.cudaFree(taken);
        }
    }

    private static int wouldFit(Throwable thrown, String what) {
        assertThat(thrown).isInstanceOf(OutOfMemoryError.class).hasMessageContaining("neededBytes=")
                .hasMessageContaining("freeBytes=");
        Matcher matcher = Pattern.compile(what + "=(\\d+) would fit").matcher(thrown.getMessage());
        assertThat(matcher.find()).as(thrown.getMessage()).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    private static void embedImages(ClipSession session, int images) {
        ClipModel model = session.model();
        int pixels = 3 * model.imageResolution() * model.imageResolution();
        FloatBuffer input = GoldenEmbeddings.newBuffer(images * pixels);
        Random random = new Random(5);
        for (int i = 0; i < input.capacity(); i++) {
            input.put(i, (float) random.nextGaussian());
        }
        float[] out = new float[images * model.embedDim()];
        session.embedPixels(input, 0, images, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(out), 0);
        assertThat(out[out.length - 1]).isFinite();
    }

    /** Texts of full length that have nothing in common. */
    private static void embedTexts(ClipSession session, int texts) {
        ClipModel model = session.model();
        int contextLength = model.config().text().contextLength();
        int vocabulary = model.config().text().vocabSize();
        int[] offsets = new int[texts + 1];
        int[] ids = new int[texts * contextLength];
        for (int i = 0; i < ids.length; i++) {
            int text = i / contextLength;
            int id = i % contextLength == 0 ? text : text / (vocabulary - 1) + i;
            // The largest ends a text.
            ids[i] = i % contextLength == contextLength - 1 ? vocabulary - 1 : id % (vocabulary - 1);
        }
        for (int text = 0; text <= texts; text++) {
            offsets[text] = text * contextLength;
        }
        float[] out = new float[texts * model.embedDim()];
        session.embedTokens(ids, offsets, texts, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(out), 0);
        assertThat(out[out.length - 1]).isFinite();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiny/hf_vit_f32", "tiny/openai_jit_rn.pt"})
    void theImagesThatWouldFitDoFit(String files) throws IOException {
        try (ClipModel model = model(files); ClipSession small = model.newSession(new SessionOptions(1, 1))) {
            embedImages(small, 1); // loads kernels
            onFullCard(() -> {
                int fits;
                try (ClipSession session = model.newSession(new SessionOptions(SessionOptions.LIMIT, 1))) {
                    fits = wouldFit(catchThrowable(() -> embedImages(session, 1)), "maxImages");
                }
                assertThat(fits).isBetween(1, SessionOptions.LIMIT - 1);
                try (ClipSession session = model.newSession(new SessionOptions(fits + 1, 1))) {
                    assertThat(wouldFit(catchThrowable(() -> embedImages(session, 1)), "maxImages")).isEqualTo(fits);
                }
                try (ClipSession session = model.newSession(new SessionOptions(fits, 1))) {
                    embedImages(session, fits);
                }
            });
        }
    }

    @Test
    void theTextsThatWouldFitDoFit() throws IOException {
        try (ClipModel model = model("tiny/hf_vit_f32");
                ClipSession small = model.newSession(new SessionOptions(1, 1))) {
            embedTexts(small, 1); // loads kernels
            onFullCard(() -> {
                int fits;
                try (ClipSession session = model.newSession(new SessionOptions(1, SessionOptions.LIMIT))) {
                    fits = wouldFit(catchThrowable(() -> embedTexts(session, 1)), "maxTexts");
                }
                assertThat(fits).isBetween(1, SessionOptions.LIMIT - 1);
                try (ClipSession session = model.newSession(new SessionOptions(1, fits))) {
                    embedTexts(session, fits);
                }
            });
        }
    }
}
