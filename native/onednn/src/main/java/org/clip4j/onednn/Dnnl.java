package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_impl_info_str;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import java.util.Arrays;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** The library's C functions with their status codes turned into exceptions. Whoever calls one owns the result. Stateless. */
final class Dnnl {
    private Dnnl() {}

    /** Throws what a status code other than success stands for. */
    static void check(int status, String function) {
        if (status != dnnl_success) {
            throw failure(status, function, "");
        }
    }

    private static IllegalStateException failure(int status, String function, String arguments) {
        // dnnl_status_t in oneapi/dnnl/dnnl_common_types.h
        String name = switch (status) {
            case 1 -> "out of memory";
            case 2 -> "invalid arguments";
            case 3 -> "unimplemented";
            case 5 -> "runtime error";
            default -> "see dnnl_status_t";
        };
        return new IllegalStateException("oneDNN failed: function=" + function + arguments + " status=" + status + " ("
                + name + ")");
    }

    /** Describes a matrix whose rows and columns lie so many elements apart. */
    static dnnl_memory_desc strided(int type, long rows, long columns, long rowStride, long columnStride) {
        return strided(type, new long[]{rows, columns}, new long[]{rowStride, columnStride});
    }

    /** Describes a vector. */
    static dnnl_memory_desc vector(int type, long length) {
        return strided(type, new long[]{length}, new long[]{1});
    }

    private static dnnl_memory_desc strided(int type, long[] sizes, long[] strides) {
        dnnl_memory_desc description = new dnnl_memory_desc();
        int status = dnnl_memory_desc_create_with_strides(description, sizes.length, sizes, type, strides);
        if (status != dnnl_success) {
            throw failure(status, "dnnl_memory_desc_create_with_strides", " type=" + type + " sizes="
                    + Arrays.toString(sizes) + " strides=" + Arrays.toString(strides));
        }
        return description;
    }

    /** Describes a matrix in whatever layout the primitive prefers. */
    static dnnl_memory_desc any(int type, long rows, long columns) {
        dnnl_memory_desc description = new dnnl_memory_desc();
        check(dnnl_memory_desc_create_with_tag(description, 2, new long[]{rows, columns}, type, dnnl_format_tag_any),
                "dnnl_memory_desc_create_with_tag");
        return description;
    }

    /** A memory object over memory that somebody else owns. */
    static dnnl_memory memory(dnnl_memory_desc description, dnnl_engine engine, Pointer address) {
        dnnl_memory memory = new dnnl_memory();
        check(dnnl_memory_create(memory, description, engine, address), "dnnl_memory_create");
        return memory;
    }

    static dnnl_primitive primitive(dnnl_primitive_desc description) {
        dnnl_primitive primitive = new dnnl_primitive();
        check(dnnl_primitive_create(primitive, description), "dnnl_primitive_create");
        return primitive;
    }

    /** Which of its implementations the library has chosen, such as {@code brg_matmul:avx2}. */
    static String implementation(dnnl_primitive_desc description) {
        try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
            check(dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, name),
                    "dnnl_primitive_desc_query");
            return new BytePointer(name.get(0)).getString();
        }
    }
}
