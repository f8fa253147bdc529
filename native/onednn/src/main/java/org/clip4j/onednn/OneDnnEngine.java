package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_version_t;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.LayerWeights;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.MatrixLane;
import org.clip4j.kernels.cpu.PackedLayer;
import org.clip4j.kernels.cpu.RowKernels;

/**
 * Linear layers packed by oneDNN, which is told to use the calling thread only: the lanes of the backend's own team are the
 * threads.
 */
final class OneDnnEngine implements MatrixEngine {
    private final NativeMemory memory = new NativeMemory();
    private final OpenMpThreads threads;
    private final Handle handle = new Handle();
    private final LayerForm form;
    private final RowKernels rows;
    private final String description;
    private final Map<FormatKey, LayerFormat> formats = new HashMap<>();
    private final Map<ProductShape, ProductShape> shapes = new HashMap<>();
    private boolean closed;

    private record FormatKey(LayerForm form, int depth, int columns) {}

    /** The library's engine, which lives until the last of those who use it has let go. */
    static final class Handle {
        private final dnnl_engine engine = new dnnl_engine();
        private int users = 1;

        private Handle() {
            Dnnl.check(dnnl_engine_create(engine, dnnl_cpu, 0), "dnnl_engine_create");
        }

        dnnl_engine engine() {
            return engine;
        }

        synchronized Handle retain() {
            users++;
            return this;
        }

        synchronized void release() {
            if (--users == 0) {
                dnnl_engine_destroy(engine);
            }
        }
    }

    /** Makes an engine; the rows are for what the library leaves to be done before and after its products. */
    OneDnnEngine(OpenMpThreads threads, LayerForm form, RowKernels rows, String description) {
        this.threads = threads;
        this.form = form;
        this.rows = rows;
        this.description = description;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public Precision precision() {
        return form.precision();
    }

    @Override
    public MemoryAllocator allocator() {
        return memory;
    }

    @Override
    public Tensor accept(Tensor weights) {
        return NativeMemory.withAddress(weights);
    }

    @Override
    public MatrixLane newLane() {
        return new OneDnnLane(handle, threads);
    }

    @Override
    public boolean packs() {
        return true;
    }

    @Override
    public PackedLayer pack(Arena arena, LayerWeights weights, Workers workers) {
        threads.useCallerOnly();
        return new LayerPacking(this, arena, weights).pack();
    }

    @Override
    public String packing(int lanes) {
        dnnl_version_t version = dnnl_version();
        return "onednn" + version.major() + "." + version.minor() + "." + version.patch() + "-"
                + CpuIsa.label(dnnl_get_effective_cpu_isa()) + "-" + form.precision().label() + "-" + lanes
                + (lanes == 1 ? "thread" : "threads");
    }

    @Override
    public PackedLayer adopt(Arena arena, PackedWeights packed, Activation activation, int lanes) {
        threads.useCallerOnly();
        return OneDnnLayer.adopt(this, arena, activation, packed, lanes);
    }

    /** The form for a layer that is to be held in a precision: that of the engine, unless it is f32. */
    LayerForm form(Precision held) {
        return held == Precision.F32 ? LayerForm.F32 : form;
    }

    /** What computes beside products. */
    RowKernels rows() {
        return rows;
    }

    /** Steps from 0 to the largest int8 weight; see {@link CpuIsa#weightSteps}. */
    int weightSteps() {
        return CpuIsa.weightSteps(dnnl_get_effective_cpu_isa());
    }

    dnnl_engine engine() {
        return handle.engine();
    }

    /** The format of weights [depth, columns]; the same object for the same size. */
    synchronized LayerFormat format(LayerForm layerForm, int depth, int columns) {
        return formats.computeIfAbsent(new FormatKey(layerForm, depth, columns), key -> {
            LayerFormat format = LayerFormat.query(engine(), layerForm, depth, columns);
            if (format == null) {
                throw new IllegalStateException("oneDNN has no product of this form: form=" + layerForm + " K=" + depth
                        + " columns=" + columns);
            }
            return format;
        });
    }

    /** The one object for a shape. */
    synchronized ProductShape shape(ProductShape shape) {
        ProductShape known = shapes.putIfAbsent(shape, shape);
        return known == null ? shape : known;
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        formats.values().forEach(LayerFormat::close);
        handle.release();
    }
}
