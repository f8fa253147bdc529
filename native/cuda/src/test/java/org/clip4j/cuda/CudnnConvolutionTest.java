package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamCaptureModeGlobal;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreate;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamEndCapture;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which way a convolution takes, and that it is taken right. */
@RequiresCard
class CudnnConvolutionTest {
    private static final ConvolutionShape SHAPE = new ConvolutionShape(Layout.CHANNELS_LAST, 8, 8, 32, 16, 3, 1, 1);
    private static final int IMAGES = 2;
    private static final int ROWS = IMAGES * 64;
    private static final String FASTER = " 1 0 0 0 0 0 0 0";
    private static final String SLOWER = " 2 0 0 0 0 0 0 0";

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void requireCudnn() {
        CudnnLibrary library = CudnnLibrary.load();
        Assumptions.assumeTrue(library.isUsable(), library.description());
        file = folder.resolve("algorithms.txt");
    }

    /** A convolution in f32 whose search keeps what it finds in the file. */
    private final class Layer implements AutoCloseable {
        final CudaBackend backend;
        final Arena arena;
        final Random random = new Random(8);
        final Tensor weight = normal(16, 32, 3, 3);
        final Tensor bias = normal(16);
        final CudaConvolution convolution;
        final float[] pixels = new float[IMAGES * SHAPE.inElements()];
        final float[] before = new float[ROWS * 16];

        Layer() {
            CudaDevice cuda = new CudaDevice(0, CardInfo.all().get(0));
            backend = new CudaBackend(cuda, Precision.F32, CudaBackend.Mode.DEVICE,
                    new AlgorithmSearch(cuda, AlgorithmSearch.Effort.MEASURED, new AlgorithmFile(file)));
            arena = backend.newArena();
            convolution = (CudaConvolution) backend.convolution(arena, SHAPE, weight, bias, Activation.RELU);
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) random.nextGaussian();
            }
            for (int i = 0; i < before.length; i++) {
                before[i] = (float) random.nextGaussian();
            }
        }

        private Tensor normal(int... shape) {
            Tensor tensor = Tensor.allocate(DType.F32, shape);
            for (int i = 0; i < tensor.elements(); i++) {
                tensor.set(i, random.nextGaussian() / 8);
            }
            return tensor;
        }

        /** What three calls give: as it is, recorded, replayed. */
        List<float[]> results(boolean add) {
            List<float[]> results = new ArrayList<>();
            try (ExecutionContext context = backend.newContext(); Arena own = backend.newArena()) {
                Tensor x = own.allocate(DType.F32, IMAGES, SHAPE.inElements());
                Tensor out = own.allocate(DType.F32, ROWS, 16);
                context.upload(FloatBuffer.wrap(pixels), 0, x, pixels.length);
                for (int call = 0; call < 3; call++) {
                    context.upload(FloatBuffer.wrap(before), 0, out, before.length);
                    context.replay(1, () -> {
                        if (add) {
                            convolution.runAdd(context, x, IMAGES, out);
                        } else {
                            convolution.run(context, x, IMAGES, out);
                        }
                    });
                    float[] result = new float[ROWS * 16];
                    context.download(out, FloatBuffer.wrap(result), 0, result.length);
                    results.add(result);
                }
            }
            return results;
        }

        @Override
        public void close() {
            arena.close();
            backend.close();
        }
    }

    private List<String> choices() throws IOException {
        return Files.readAllLines(file).stream().filter(line -> line.startsWith("cudnn")).toList();
    }

    /** Has the search say once what it finds, and the file from then on what is wanted. */
    private void settle(boolean add, String words) throws IOException {
        try (Layer layer = new Layer()) {
            layer.results(add);
        }
        assertThat(choices()).hasSize(1);
        String line = choices().get(0);
        Files.writeString(file, line.substring(0, line.indexOf(' ')) + words + "\n");
    }

    @Test
    void keepsWhichWayIsFaster() throws IOException {
        for (boolean add : new boolean[]{false, true}) {
            Files.deleteIfExists(file);
            try (Layer layer = new Layer()) {
                layer.results(add);
                List<String> choices = choices();
                assertThat(choices).hasSize(1);
                assertThat(choices.get(0)).startsWith("cudnn" + CudnnLibrary.load().version() + "i2h8w8c32n16k3s1p1")
                        .endsWith(layer.convolution.usesCudnn(IMAGES, add) ? FASTER : SLOWER);
                layer.results(add);
                assertThat(choices()).isEqualTo(choices);
            }
        }
    }

    @Test
    void takesTheWayThatTheFileNamesAndBothAgree() throws IOException {
        for (boolean add : new boolean[]{false, true}) {
            List<float[]> results = new ArrayList<>();
            for (String words : List.of(FASTER, SLOWER)) {
                Files.deleteIfExists(file);
                settle(add, words);
                try (Layer layer = new Layer()) {
                    List<float[]> three = layer.results(add);
                    assertThat(layer.convolution.usesCudnn(IMAGES, add)).as(words).isEqualTo(words.equals(FASTER));
                    assertThat(layer.convolution.usesCudnn(IMAGES, !add)).isFalse();
                    assertThat(three.get(1)).isEqualTo(three.get(0));
                    assertThat(three.get(2)).isEqualTo(three.get(0));
                    results.add(three.get(0));
                }
            }
            float largest = 0;
            for (float value : results.get(1)) {
                largest = Math.max(largest, value);
            }
            float limit = (float) Agreement.tolerance(ElementType.F32, Precision.F32, SHAPE.patchLength()) * largest;
            for (int i = 0; i < results.get(0).length; i++) {
                assertThat(results.get(0)[i]).as("add=%b place=%d", add, i).isBetween(results.get(1)[i] - limit,
                        results.get(1)[i] + limit);
            }
        }
    }

    @Test
    void aResultThatDiffersIsNotTaken() throws IOException {
        try (Layer layer = new Layer();
                CudaContext context = (CudaContext) layer.backend.newContext();
                Arena own = layer.backend.newArena()) {
            Tensor x = own.allocate(DType.F32, IMAGES, SHAPE.inElements());
            Tensor out = own.allocate(DType.F32, ROWS, 16);
            context.upload(FloatBuffer.wrap(layer.pixels), 0, x, layer.pixels.length);
            CudaLinear product = new CudaLinear(layer.backend, own, CudaWeights.matrix(layer.backend.cuda(), own, SHAPE,
                    layer.weight, ElementType.F32), layer.bias, Activation.RELU);
            int[] calls = new int[1];
            CudnnConvolution cudnn = new CudnnConvolution(layer.backend, SHAPE, product,
                    (session, images, count, result, add) -> {
                        calls[0]++;
                        layer.convolution.run(session, images, count, result);
                        session.clear(result.address() + 64, 64); // a single row
                    });
            assertThat(cudnn.run(context, x, IMAGES, out, false)).isFalse();
            assertThat(cudnn.run(context, x, IMAGES, out, false)).isFalse();
            assertThat(cudnn.isChosen(IMAGES, false)).isFalse();
            assertThat(calls[0]).isEqualTo(1);
            assertThat(choices().get(choices().size() - 1)).endsWith(SLOWER);
        }
    }

    @Test
    void resultsThatShowNothingChooseNothing() throws IOException {
        try (Layer layer = new Layer()) {
            Arrays.fill(layer.pixels, 0);
            layer.results(false);
            assertThat(layer.convolution.usesCudnn(IMAGES, false)).isFalse();
            assertThat(choices()).isEmpty();
        }
    }

    /** That the file names cuDNN is no help then, and is told once. */
    @Test
    void withoutRoomToTryTheOtherWayIsTakenAndTold() throws IOException {
        settle(false, FASTER);
        List<LogRecord> told = new ArrayList<>();
        Handler listener = new Handler() {
            @Override
            public void publish(LogRecord line) {
                told.add(line);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger logger = Logger.getLogger(CudaBackend.class.getName());
        logger.addHandler(listener);
        try (Layer layer = new Layer()) {
            FullCard.run(layer.backend.cuda(), 512 << 20, () -> {
                layer.results(false);
                layer.results(true);
            });
            layer.results(false);
            assertThat(layer.convolution.usesCudnn(IMAGES, false)).isFalse();
        } finally {
            logger.removeHandler(listener);
        }
        assertThat(told).hasSize(1);
        assertThat(told.get(0).getLevel()).isEqualTo(Level.INFO);
        assertThat(told.get(0).getMessage()).contains("no room to try cuDNN", "neededBytes=", "freeBytes=");
        assertThat(choices()).hasSize(1);
        assertThat(choices().get(0)).endsWith(FASTER);
    }

    @Test
    void aSessionWithoutAHandleChoosesForNoOther() throws IOException {
        settle(false, FASTER);
        try (Layer layer = new Layer();
                CudaContext context = (CudaContext) layer.backend.newContext();
                Arena own = layer.backend.newArena()) {
            CUstream_st recording = new CUstream_st();
            CUgraph_st nothing = new CUgraph_st();
            assertThat(cudaStreamCreate(recording)).isZero();
            assertThat(cudaStreamBeginCapture(recording, cudaStreamCaptureModeGlobal)).isZero();
            CudnnHandle handle = context.cudnn();
            cudaStreamEndCapture(recording, nothing);
            cudaGetLastError();
            cudaStreamDestroy(recording);
            Assumptions.assumeTrue(handle == null, "cuDNN makes handles while all that takes memory is forbidden");
            Tensor x = own.allocate(DType.F32, IMAGES, SHAPE.inElements());
            layer.convolution.run(context, x, IMAGES, own.allocate(DType.F32, ROWS, 16));
            assertThat(layer.convolution.usesCudnn(IMAGES, false)).isFalse();
            layer.results(false);
            assertThat(layer.convolution.usesCudnn(IMAGES, false)).isTrue();
        }
    }

    /** A table of offsets is larger than the patch of a single pixel in 16 bits. */
    @Test
    void whatNeedsMoreScratchMemoryThanPatchesIsRefused() throws IOException {
        ConvolutionShape pixel = new ConvolutionShape(Layout.CHANNELS_LAST, 1, 1, 32, 16, 3, 1, 1);
        CudaDevice cuda = new CudaDevice(0, CardInfo.all().get(0));
        try (CudaBackend backend = new CudaBackend(cuda, Precision.F16, CudaBackend.Mode.DEVICE,
                new AlgorithmSearch(cuda, AlgorithmSearch.Effort.MEASURED, new AlgorithmFile(file)));
                Arena arena = backend.newArena();
                CudaContext context = (CudaContext) backend.newContext()) {
            CudaConvolution convolution = (CudaConvolution) backend.convolution(arena, pixel,
                    Tensor.allocate(DType.F32, 16, 32, 3, 3), Tensor.allocate(DType.F32, 16), Activation.NONE);
            Tensor x = arena.allocate(DType.F16, 1, 32);
            convolution.run(context, x, 1, arena.allocate(DType.F16, 1, 16));
            CudnnShape shape = new CudnnShape(pixel, 1, ElementType.F16, Precision.F16, Activation.NONE, false);
            try (CudnnPlan plan = new CudnnPlan(context.cudnn(), shape, x.address(), x.address())) {
                Assumptions.assumeTrue(
                        plan.workspaceBytes() > CudaConvolution.patchBytes(pixel, ElementType.F16, 1),
                        "cuDNN needs little: workspaceBytes=" + plan.workspaceBytes());
            }
            assertThat(convolution.usesCudnn(1, false)).isFalse();
            assertThat(choices()).hasSize(1);
            assertThat(choices().get(0)).endsWith(SLOWER);
        }
    }

    @Test
    void resultsBetweenOthersGoTheOtherWay() throws IOException {
        settle(false, FASTER);
        try (Layer layer = new Layer();
                ExecutionContext context = layer.backend.newContext();
                Arena own = layer.backend.newArena()) {
            Tensor x = own.allocate(DType.F32, IMAGES, SHAPE.inElements());
            layer.convolution.run(context, x, IMAGES, own.allocate(DType.F32, ROWS, 20).columns(0, 16));
            assertThat(layer.convolution.usesCudnn(IMAGES, false)).isFalse();
            layer.convolution.run(context, x, IMAGES, own.allocate(DType.F32, ROWS, 16));
            assertThat(layer.convolution.usesCudnn(IMAGES, false)).isTrue();
        }
    }

    @Test
    void sessionsShareWhatWasChosen() throws Exception {
        settle(false, FASTER);
        try (Layer layer = new Layer()) {
            ExecutorService others = Executors.newFixedThreadPool(3);
            try {
                List<Future<List<float[]>>> running = new ArrayList<>();
                for (int i = 0; i < 12; i++) {
                    running.add(others.submit(() -> layer.results(false)));
                }
                float[] expected = layer.results(false).get(0);
                for (Future<List<float[]>> results : running) {
                    for (float[] result : results.get()) {
                        assertThat(result).isEqualTo(expected);
                    }
                }
            } finally {
                others.shutdown();
            }
            assertThat(layer.convolution.usesCudnn(IMAGES, false)).isTrue();
        }
    }

    @Test
    void allocatesNothing() throws IOException {
        settle(true, FASTER);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Layer layer = new Layer();
                CudaContext context = (CudaContext) layer.backend.newContext();
                Arena own = layer.backend.newArena()) {
            Tensor x = own.allocate(DType.F32, IMAGES, SHAPE.inElements());
            Tensor out = own.allocate(DType.F32, ROWS, 16);
            for (int i = 0; i < 200; i++) {
                layer.convolution.runAdd(context, x, IMAGES, out);
                context.synchronize();
            }
            assertThat(layer.convolution.usesCudnn(IMAGES, true)).isTrue();
            long fewest = Long.MAX_VALUE;
            // Once the virtual machine may allocate for itself; a call that does so does it each time.
            for (int round = 0; round < 3 && fewest > 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1000; i++) {
                    layer.convolution.runAdd(context, x, IMAGES, out);
                    context.synchronize();
                }
                fewest = Math.min(fewest, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(fewest).isZero();
        }
    }
}
