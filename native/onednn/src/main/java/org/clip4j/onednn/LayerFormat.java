package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_gelu_erf;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_relu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_eltwise_swish;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_clone;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_blob;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_eltwise;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_append_sum;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scales_mask;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_zero_points_mask;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_weights_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_unimplemented;
import static org.bytedeco.dnnl.global.dnnl.dnnl_data_type_undef;

import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.SizeTPointer;
import org.clip4j.kernels.Activation;

/** The layout that the library wants for weights [K, columns] of one size and form, and how it wants the rows cut. */
final class LayerFormat implements AutoCloseable {
    /**
     * Rows that a primitive takes at most. Primitives hold code for their number of rows, 0.5 to 2 MB and about 2 ms of
     * compiling each, so that ragged texts cannot have one for every number. Rows are cut into powers of two instead.
     */
    private static final int MAX_CUT_ROWS = 64;
    /** What the library's int8 product needs for 256 rows of a part stays in a level-2 cache. */
    private static final int MAX_WHOLE_ROWS = 256;
    /** 1.702: QuickGELU, openai/CLIP clip/model.py. */
    private static final float QUICK_GELU = 1.702f;

    private final dnnl_engine engine;
    private final LayerForm form;
    private final int depth;
    private final int columns;
    private final dnnl_memory_desc weights;
    private final long sizeBytes;
    private final String implementation;

    private LayerFormat(dnnl_engine engine, LayerForm form, int depth, int columns, dnnl_primitive_desc chosen) {
        this.engine = engine;
        this.form = form;
        this.depth = depth;
        this.columns = columns;
        this.implementation = Dnnl.implementation(chosen);
        this.weights = new dnnl_memory_desc();
        Dnnl.check(dnnl_memory_desc_clone(weights, dnnl_primitive_desc_query_md(chosen, dnnl_query_weights_md, 0)),
                "dnnl_memory_desc_clone");
        this.sizeBytes = dnnl_memory_desc_get_size(weights);
    }

    /** Asks the library; null when it cannot compute this form here. */
    static LayerFormat query(dnnl_engine engine, LayerForm form, int depth, int columns) {
        dnnl_memory_desc any = Dnnl.any(form.weightType(), depth, columns);
        try {
            dnnl_primitive_desc chosen = describe(engine, form, any, new Rows(depth, columns, MAX_CUT_ROWS, depth,
                    columns), false, Activation.NONE);
            if (chosen == null) {
                return null;
            }
            try {
                return new LayerFormat(engine, form, depth, columns, chosen);
            } finally {
                dnnl_primitive_desc_destroy(chosen);
            }
        } finally {
            dnnl_memory_desc_destroy(any);
        }
    }

    /** Sizes and strides of input and output. */
    private record Rows(int depth, int columns, int rows, int xStride, int outStride) {}

    /** Describes a primitive of this format; the caller destroys it. */
    dnnl_primitive_desc describe(ProductShape shape, int rows, int xStride, int outStride) {
        dnnl_primitive_desc described = describe(engine, form, weights,
                new Rows(depth, columns, rows, xStride, outStride), shape.add(), shape.activation());
        if (described == null) {
            throw new IllegalStateException("oneDNN has no product of this form: form=" + form + " rows=" + rows + " K="
                    + depth + " columns=" + columns + " xStride=" + xStride + " outStride=" + outStride + " shape="
                    + shape);
        }
        return described;
    }

    private static dnnl_primitive_desc describe(dnnl_engine engine, LayerForm form, dnnl_memory_desc weights, Rows r,
            boolean add, Activation activation) {
        dnnl_memory_desc x = Dnnl.strided(form.inputType(), r.rows, r.depth, r.xStride, 1);
        dnnl_memory_desc out = Dnnl.strided(dnnl_f32, r.rows, r.columns, r.outStride, 1);
        dnnl_memory_desc bias = form == LayerForm.INT8 ? null : Dnnl.strided(dnnl_f32, 1, r.columns, r.columns, 1);
        dnnl_primitive_attr attributes = attributes(form, add, activation);
        try {
            dnnl_primitive_desc described = new dnnl_primitive_desc();
            int status = dnnl_matmul_primitive_desc_create(described, engine, x, weights, bias, out, attributes);
            if (status == dnnl_unimplemented) {
                return null;
            }
            Dnnl.check(status, "dnnl_matmul_primitive_desc_create");
            return described;
        } finally {
            dnnl_primitive_attr_destroy(attributes);
            if (bias != null) {
                dnnl_memory_desc_destroy(bias);
            }
            dnnl_memory_desc_destroy(out);
            dnnl_memory_desc_destroy(x);
        }
    }

    private static dnnl_primitive_attr attributes(LayerForm form, boolean add, Activation activation) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        Dnnl.check(dnnl_primitive_attr_create(attributes), "dnnl_primitive_attr_create");
        try {
            set(attributes, form, add, activation);
            return attributes;
        } catch (RuntimeException | Error e) {
            dnnl_primitive_attr_destroy(attributes);
            throw e;
        }
    }

    private static void set(dnnl_primitive_attr attributes, LayerForm form, boolean add, Activation activation) {
        if (form == LayerForm.INT8) {
            // A scale for each column, which is the second axis; one zero point for the whole input.
            Dnnl.check(dnnl_primitive_attr_set_scales_mask(attributes, DNNL_ARG_WEIGHTS, 1 << 1),
                    "dnnl_primitive_attr_set_scales_mask");
            Dnnl.check(dnnl_primitive_attr_set_zero_points_mask(attributes, DNNL_ARG_SRC, 0),
                    "dnnl_primitive_attr_set_zero_points_mask");
        }
        dnnl_post_ops after = new dnnl_post_ops();
        Dnnl.check(dnnl_post_ops_create(after), "dnnl_post_ops_create");
        try {
            if (add) {
                Dnnl.check(dnnl_post_ops_append_sum(after, 1f, 0, dnnl_data_type_undef), "dnnl_post_ops_append_sum");
            }
            if (activation != Activation.NONE) {
                Dnnl.check(dnnl_post_ops_append_eltwise(after, algorithm(activation),
                        activation == Activation.QUICK_GELU ? QUICK_GELU : 0, 0), "dnnl_post_ops_append_eltwise");
            }
            Dnnl.check(dnnl_primitive_attr_set_post_ops(attributes, after), "dnnl_primitive_attr_set_post_ops");
        } finally {
            dnnl_post_ops_destroy(after);
        }
    }

    private static int algorithm(Activation activation) {
        return switch (activation) {
            case RELU -> dnnl_eltwise_relu;
            case QUICK_GELU -> dnnl_eltwise_swish;
            case GELU -> dnnl_eltwise_gelu_erf;
            case NONE -> throw new IllegalArgumentException("no activation has no algorithm");
        };
    }

    LayerForm form() {
        return form;
    }

    int depth() {
        return depth;
    }

    int columns() {
        return columns;
    }

    dnnl_memory_desc weights() {
        return weights;
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** The layout in bytes, which the same version of the library compares and reads. */
    byte[] blob() {
        try (SizeTPointer length = new SizeTPointer(1)) {
            Dnnl.check(dnnl_memory_desc_get_blob((byte[]) null, length, weights), "dnnl_memory_desc_get_blob");
            byte[] blob = new byte[Math.toIntExact(length.get())];
            Dnnl.check(dnnl_memory_desc_get_blob(blob, length, weights), "dnnl_memory_desc_get_blob");
            return blob;
        }
    }

    /** Rows that the next primitive takes of so many that are left. */
    int cut(int rows) {
        // Only these generate code for a number of rows; the others have one code for all.
        boolean compiled = implementation.startsWith("brg");
        return compiled ? Integer.highestOneBit(Math.min(rows, MAX_CUT_ROWS)) : Math.min(rows, MAX_WHOLE_ROWS);
    }

    @Override
    public void close() {
        dnnl_memory_desc_destroy(weights);
    }
}
