package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cublas.cublasLtCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtGetVersion;
import static org.bytedeco.cuda.global.cudart.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
import static org.bytedeco.cuda.global.cudart.cuFuncSetAttribute;
import static org.bytedeco.cuda.global.cudart.cuModuleGetFunction;
import static org.bytedeco.cuda.global.cudart.cuModuleLoadData;
import static org.bytedeco.cuda.global.cudart.cuModuleUnload;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrMultiProcessorCount;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaSetDevice;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A card that is in use: its context, our kernels loaded on it, a handle of cublasLt. Thread-safe; closed by its
 * backend.
 */
final class CudaDevice implements AutoCloseable {
    private static final String KERNELS = "kernels.fatbin";
    private static final String KERNEL_FACTS = "kernels.properties";
    private static final int DIGEST_DIGITS = 7;

    private final int index;
    private final CardInfo info;
    private final int multiprocessors;
    private final CUmod_st module = new CUmod_st();
    private final Map<String, Kernel> kernels = new HashMap<>();
    private final cublasLtContext blas = new cublasLtContext();
    private final DeviceMemory memory;
    private final PinnedMemory pinned;

    CudaDevice(int index, CardInfo info) {
        this.index = index;
        this.info = info;
        makeCurrent();
        // The first call that needs the context makes it.
        Status.runtime(cudaFree(new Pointer()), "cudaFree");
        multiprocessors = CardInfo.attribute(cudaDevAttrMultiProcessorCount, index);
        pinned = new PinnedMemory(index);
        memory = new DeviceMemory(index, pinned);
        boolean complete = false;
        try (BytePointer image = kernelImage()) {
            Status.driver(cuModuleLoadData(module, image), "cuModuleLoadData", KERNELS);
            Status.blas(cublasLtCreate(blas), "cublasLtCreate");
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /** Tells versions of our kernels apart: the beginning of the digest of their sources. */
    static String kernelsDigest() {
        Properties built = new Properties();
        try (InputStream resource = CudaDevice.class.getResourceAsStream(KERNEL_FACTS)) {
            if (resource == null) {
                throw new IllegalStateException("the jar lacks what was noted of its kernels: resource=" + KERNEL_FACTS
                        + "; build them with native/cuda/build-kernels.sh");
            }
            built.load(resource);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read what was noted of the kernels: resource=" + KERNEL_FACTS, e);
        }
        return built.getProperty("sources.sha256", "unknown").substring(0, DIGEST_DIGITS);
    }

    private static BytePointer kernelImage() {
        try (InputStream resource = CudaDevice.class.getResourceAsStream(KERNELS)) {
            if (resource == null) {
                throw new IllegalStateException("the jar lacks its kernels: resource=" + KERNELS
                        + "; build them with native/cuda/build-kernels.sh");
            }
            byte[] bytes = resource.readAllBytes();
            return new BytePointer(bytes.length + 1L).put(bytes, 0, bytes.length).put(bytes.length, (byte) 0);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the kernels: resource=" + KERNELS, e);
        }
    }

    /** Makes the card the one that the calling thread's calls go to. */
    void makeCurrent() {
        Status.runtime(cudaSetDevice(index), "cudaSetDevice");
    }

    /** A kernel by its name. */
    Kernel kernel(String name) {
        return kernel(name, 0);
    }

    /**
     * A kernel that may use so much shared memory.
     *
     * @param sharedBytes the largest dynamic size of a launch
     */
    synchronized Kernel kernel(String name, int sharedBytes) {
        Kernel known = kernels.get(name);
        if (known != null) {
            return known;
        }
        makeCurrent();
        CUfunc_st function = new CUfunc_st();
        Status.driver(cuModuleGetFunction(function, module, name), "cuModuleGetFunction", name);
        if (sharedBytes > 0) {
            Status.driver(cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes),
                    "cuFuncSetAttribute", name + " sharedBytes=" + sharedBytes);
        }
        Kernel loaded = new Kernel(name, function);
        kernels.put(name, loaded);
        return loaded;
    }

    int index() {
        return index;
    }

    CardInfo info() {
        return info;
    }

    int multiprocessors() {
        return multiprocessors;
    }

    /** Blocks of a grid that walks over its work: a few for each multiprocessor, and no more than there is work. */
    int walkingBlocks(long items, int itemsPerBlock) {
        long wanted = (items + itemsPerBlock - 1) / itemsPerBlock;
        return (int) Math.min(wanted, 16L * multiprocessors);
    }

    /**
     * Blocks of a grid that walks over its work: so many for each multiprocessor, and no more than there is work for.
     */
    int blocks(int wanted, int perMultiprocessor) {
        return Math.min(wanted, perMultiprocessor * multiprocessors);
    }

    cublasLtContext blas() {
        return blas;
    }

    long blasVersion() {
        return cublasLtGetVersion();
    }

    DeviceMemory memory() {
        return memory;
    }

    PinnedMemory pinned() {
        return pinned;
    }

    @Override
    public void close() {
        makeCurrent();
        if (!blas.isNull()) {
            cublasLtDestroy(blas);
        }
        if (!module.isNull()) {
            cuModuleUnload(module);
        }
    }
}
