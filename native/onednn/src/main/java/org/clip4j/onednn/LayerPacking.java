package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_s8;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;

import java.nio.FloatBuffer;
import java.util.List;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.clip4j.javacpp.FloatAddress;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.LayerWeights;

/** Packs one layer: cuts its columns into parts, and has the library bring each into the layout that it wants. */
final class LayerPacking {
    /** Columns of a part come in groups of so many, which is what the library blocks columns by at most. */
    private static final int COLUMN_GROUP = 64;
    /**
     * Weights of a part, which all rows are multiplied with before the next part comes: fits a level-2 cache of 512 kB
     * beside what else is needed.
     */
    private static final int PART_BYTES = 400 << 10;
    /** Parts for each lane, as in the other operations, so that a lane that is done early takes over. */
    private static final int PARTS_PER_LANE = 3;

    private final OneDnnEngine engine;
    private final Arena arena;
    private final LayerWeights weights;
    private final LayerForm form;
    private final int depth;
    private final int columns;

    LayerPacking(OneDnnEngine engine, Arena arena, LayerWeights weights) {
        this.engine = engine;
        this.arena = arena;
        this.weights = weights;
        this.depth = weights.weight().columns();
        this.columns = weights.weight().rows();
        this.form = engine.form(weights.heldPrecision());
    }

    OneDnnLayer pack() {
        int width = partColumns(form, depth, columns, weights.lanes());
        int parts = (columns + width - 1) / width;
        Tensor[] packed = new Tensor[parts];
        Tensor scales = form == LayerForm.INT8 ? arena.allocate(DType.F32, columns) : null;
        try (Arena whilePacking = new Arena(engine.allocator())) {
            Tensor source = source(whilePacking, scales);
            for (int part = 0; part < parts; part++) {
                int from = part * width;
                LayerFormat format = engine.format(form, depth, Math.min(width, columns - from));
                packed[part] = arena.allocate(DType.I8, Math.toIntExact(format.sizeBytes()));
                reorder(source.address() + (long) from * depth * source.dtype().sizeBytes(), format,
                        packed[part].address());
            }
        }
        return new OneDnnLayer(engine, arena, weights.activation(),
                new OneDnnLayer.Packed(form, depth, columns, width, List.of(packed), bias(), scales));
    }

    /** Columns of a part: as many as fit the cache, no more than keep all lanes busy, and equal parts where possible. */
    static int partColumns(LayerForm form, int depth, int columns, int lanes) {
        int fitting = PART_BYTES / form.bytesPerWeight() / depth / COLUMN_GROUP * COLUMN_GROUP;
        int shared = lanes == 1 ? columns : columns / (lanes * PARTS_PER_LANE);
        int largest = Math.max(COLUMN_GROUP, Math.min(fitting, (shared + COLUMN_GROUP - 1) / COLUMN_GROUP
                * COLUMN_GROUP));
        for (int width = largest; width > largest / 2; width -= COLUMN_GROUP) {
            if (columns % width == 0) {
                return width;
            }
        }
        return largest;
    }

    /** What the library reorders: the weights themselves where it can, or a copy for the time of packing. */
    private Tensor source(Arena whilePacking, Tensor scales) {
        Tensor weight = weights.weight();
        if (form == LayerForm.INT8) {
            return quantize(whilePacking.allocate(DType.I8, columns, depth), scales);
        }
        if (weight.dtype() == DType.F32 && form != LayerForm.BF16_ROUNDED) {
            return NativeMemory.withAddress(weight);
        }
        Tensor copy = whilePacking.allocate(DType.F32, columns, depth);
        FloatBuffer floats = copy.floats();
        for (int i = 0; i < floats.capacity(); i++) {
            float value = (float) weight.get(i);
            floats.put(i,
                    form == LayerForm.BF16_ROUNDED ? HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16(value)) : value);
        }
        return copy;
    }

    /** Each row of weights, which is a column of the product, gets a scale: its largest magnitude / the steps there are. */
    private Tensor quantize(Tensor quantized, Tensor scales) {
        int steps = engine.weightSteps();
        float[] row = new float[depth];
        byte[] bytes = new byte[depth];
        for (int column = 0; column < columns; column++) {
            float largest = 0;
            for (int i = 0; i < depth; i++) {
                row[i] = (float) weights.weight().get(column * depth + i);
                largest = Math.max(largest, Math.abs(row[i]));
            }
            scales.set(column, largest / steps);
            float inverse = largest > 0 ? steps / largest : 0;
            for (int i = 0; i < depth; i++) {
                bytes[i] = (byte) Math.round(row[i] * inverse);
            }
            quantized.bytes().put(column * depth, bytes, 0, depth);
        }
        return quantized;
    }

    private Tensor bias() {
        Tensor bias = arena.allocate(DType.F32, columns);
        if (weights.bias() != null) {
            for (int i = 0; i < columns; i++) {
                bias.set(i, weights.bias().get(i));
            }
        }
        return bias;
    }

    /** Weights [columns, depth], in s8 or f32, become [depth, columns] in a format. */
    private void reorder(long from, LayerFormat format, long to) {
        dnnl_memory_desc plain = Dnnl.strided(form == LayerForm.INT8 ? dnnl_s8 : dnnl_f32, depth, format.columns(), 1,
                depth);
        dnnl_primitive_desc description = new dnnl_primitive_desc();
        Dnnl.check(dnnl_reorder_primitive_desc_create(description, plain, engine.engine(), format.weights(),
                engine.engine(), null), "dnnl_reorder_primitive_desc_create");
        dnnl_primitive primitive = Dnnl.primitive(description);
        dnnl_stream stream = new dnnl_stream();
        Dnnl.check(dnnl_stream_create(stream, engine.engine(), dnnl_stream_default_flags), "dnnl_stream_create");
        dnnl_memory source = Dnnl.memory(plain, engine.engine(), new FloatAddress().at(from));
        dnnl_memory target = Dnnl.memory(format.weights(), engine.engine(), new FloatAddress().at(to));
        try (dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(2)) {
            arguments.position(0).arg(DNNL_ARG_FROM).memory(source);
            arguments.position(1).arg(DNNL_ARG_TO).memory(target);
            Dnnl.check(dnnl_primitive_execute(primitive, stream, 2, arguments.position(0)), "dnnl_primitive_execute");
        } finally {
            dnnl_memory_destroy(target);
            dnnl_memory_destroy(source);
            dnnl_stream_destroy(stream);
            dnnl_primitive_destroy(primitive);
            dnnl_primitive_desc_destroy(description);
            dnnl_memory_desc_destroy(plain);
        }
    }
}
