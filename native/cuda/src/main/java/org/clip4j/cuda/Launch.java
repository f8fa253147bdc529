package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
import static org.bytedeco.cuda.global.cudart.cuLaunchKernel;
import static org.bytedeco.cuda.global.cudart.cuLaunchKernelEx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cudart.CUlaunchAttribute;
import org.bytedeco.cuda.cudart.CUlaunchConfig;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Arguments of the kernel that a session is about to launch, in native memory that is filled anew for each launch, so
 * that a launch allocates nothing. The driver copies them before it returns. Not thread-safe; closed by its session.
 */
final class Launch implements AutoCloseable {
    /** More than any kernel of ours takes. */
    private static final int MAX_ARGUMENTS = 32;

    /** Threads of a warp, on every card so far. */
    static final int WARP = 32;

    private final CUstream_st stream;
    private final BytePointer memory = new BytePointer((long) MAX_ARGUMENTS * Long.BYTES);
    private final ByteBuffer values = memory.asByteBuffer().order(ByteOrder.nativeOrder());
    private final PointerPointer<Pointer> addresses = new PointerPointer<>(MAX_ARGUMENTS);
    private final boolean early;
    private final CUlaunchAttribute attribute;
    private final CUlaunchConfig config;
    private Kernel kernel;
    private int count;
    private boolean muted;

    /**
     * With no arguments yet.
     *
     * @param early whether a kernel may be put in place while the one before still runs, which all of ours wait for
     */
    Launch(CUstream_st stream, boolean early) {
        this.stream = stream;
        this.early = early;
        attribute = early ? new CUlaunchAttribute(1) : null;
        config = early ? new CUlaunchConfig(1) : null;
        if (early) {
            attribute.id(CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
            attribute.value().programmaticStreamSerializationAllowed(1);
            config.hStream(stream).attrs(attribute).numAttrs(1).blockDimX(WARP).blockDimZ(1);
        }
        for (int i = 0; i < MAX_ARGUMENTS; i++) {
            addresses.put(i, new DeviceAddress().at(memory.address() + (long) i * Long.BYTES));
        }
    }

    /** Begins with no arguments. */
    Launch of(Kernel newKernel) {
        kernel = newKernel;
        count = 0;
        return this;
    }

    /** While muted, what is launched does nothing. */
    void mute(boolean on) {
        muted = on;
    }

    /** A pointer; 0 is null. */
    Launch pointer(long address) {
        values.putLong(count++ * Long.BYTES, address);
        return this;
    }

    Launch number(int value) {
        values.putInt(count++ * Long.BYTES, value);
        return this;
    }

    Launch real(float value) {
        values.putFloat(count++ * Long.BYTES, value);
        return this;
    }

    /** Launches blocks of one warp by {@code warps}; none when the grid is empty. */
    void run(int gridX, int gridY, int gridZ, int warps, int sharedBytes) {
        if (muted || gridX == 0 || gridY == 0 || gridZ == 0) {
            return;
        }
        int status = early
                ? cuLaunchKernelEx(config.gridDimX(gridX).gridDimY(gridY).gridDimZ(gridZ).blockDimY(warps)
                        .sharedMemBytes(sharedBytes), kernel.function(), addresses, (PointerPointer) null)
                : cuLaunchKernel(kernel.function(), gridX, gridY, gridZ, WARP, warps, 1, sharedBytes, stream,
                        addresses, (PointerPointer) null);
        if (status != 0) {
            Status.driver(status, "cuLaunchKernel", kernel.name() + " grid=" + gridX + "x" + gridY + "x" + gridZ
                    + " warps=" + warps + " sharedBytes=" + sharedBytes);
        }
    }

    @Override
    public void close() {
        if (early) {
            attribute.close();
            config.close();
        }
        memory.close();
        addresses.close();
    }
}
