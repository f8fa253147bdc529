package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_SCALES;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_ATTR_ZERO_POINTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_s32;

import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.javacpp.FloatAddress;
import org.clip4j.kernels.cpu.RowConversion;

/**
 * A primitive for one number of rows, and the memory objects that it reads and writes, which are aimed at other addresses
 * for each call. Not thread-safe; owned by a lane.
 */
final class BoundProduct implements AutoCloseable {
    private static final int MAX_ARGUMENTS = 5;

    private final ProductShape shape;
    private final int rows;
    private final int xStride;
    private final int outStride;
    private final dnnl_primitive primitive;
    private final dnnl_memory[] memories = new dnnl_memory[MAX_ARGUMENTS];
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(MAX_ARGUMENTS);
    private final IntPointer zeroPoint;
    private final dnnl_memory x;
    private final dnnl_memory weights;
    private final dnnl_memory perColumn;
    private final dnnl_memory out;
    private final FloatAddress address = new FloatAddress();
    private int argumentCount;

    BoundProduct(dnnl_engine engine, ProductShape shape, int rows, int xStride, int outStride) {
        this.shape = shape;
        this.rows = rows;
        this.xStride = xStride;
        this.outStride = outStride;
        LayerFormat format = shape.format();
        dnnl_primitive_desc description = format.describe(shape, rows, xStride, outStride);
        try {
            primitive = Dnnl.primitive(description);
        } finally {
            dnnl_primitive_desc_destroy(description);
        }
        try {
            LayerForm form = format.form();
            x = argument(engine, DNNL_ARG_SRC, Dnnl.strided(form.inputType(), rows, format.depth(), xStride, 1), null);
            weights = Dnnl.memory(format.weights(), engine, null);
            argument(DNNL_ARG_WEIGHTS, weights);
            out = argument(engine, DNNL_ARG_DST, Dnnl.strided(dnnl_f32, rows, format.columns(), outStride, 1), null);
            if (form == LayerForm.INT8) {
                zeroPoint = new IntPointer(1).put(RowConversion.ZERO_POINT);
                argument(engine, DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC, Dnnl.vector(dnnl_s32, 1), zeroPoint);
                perColumn = argument(engine, DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS,
                        Dnnl.vector(dnnl_f32, format.columns()), null);
            } else {
                zeroPoint = null;
                perColumn = argument(engine, DNNL_ARG_BIAS,
                        Dnnl.strided(dnnl_f32, 1, format.columns(), format.columns(),
                                1),
                        null);
            }
            arguments.position(0);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private dnnl_memory argument(dnnl_engine engine, int name, dnnl_memory_desc description, Pointer at) {
        dnnl_memory memory = Dnnl.memory(description, engine, at);
        dnnl_memory_desc_destroy(description);
        argument(name, memory);
        return memory;
    }

    private void argument(int name, dnnl_memory memory) {
        memories[argumentCount] = memory;
        arguments.position(argumentCount++).arg(name).memory(memory);
    }

    /** True when this is the product of a shape for so many rows that lie so far apart. */
    @SuppressWarnings("ReferenceEquality") // an engine has one object for each shape
    boolean is(ProductShape otherShape, int otherRows, int otherXStride, int otherOutStride) {
        return shape == otherShape && rows == otherRows && xStride == otherXStride && outStride == otherOutStride;
    }

    /**
     * Computes it on the calling thread; addresses are native ones.
     *
     * @param perColumnAddress of the bias, or of the weights' scales in int8
     */
    void execute(dnnl_stream stream, long xAddress, long weightAddress, long perColumnAddress, long outAddress) {
        aim(x, xAddress);
        aim(weights, weightAddress);
        aim(perColumn, perColumnAddress);
        aim(out, outAddress);
        Dnnl.check(dnnl_primitive_execute(primitive, stream, argumentCount, arguments), "dnnl_primitive_execute");
    }

    private void aim(dnnl_memory memory, long at) {
        Dnnl.check(dnnl_memory_set_data_handle(memory, address.at(at)), "dnnl_memory_set_data_handle");
    }

    @Override
    public void close() {
        for (int i = 0; i < argumentCount; i++) {
            dnnl_memory_destroy(memories[i]);
        }
        dnnl_primitive_destroy(primitive);
        arguments.deallocate();
        if (zeroPoint != null) {
            zeroPoint.deallocate();
        }
    }
}
