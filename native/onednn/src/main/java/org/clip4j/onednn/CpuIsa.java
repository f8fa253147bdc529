package org.clip4j.onednn;

/** Names of dnnl_cpu_isa_t, oneapi/dnnl/dnnl_types.h; what {@code ONEDNN_MAX_CPU_ISA} limits. Stateless. */
final class CpuIsa {
    private CpuIsa() {}

    /** The instruction set in force, as the library's documentation writes it, in lower case. */
    static String name(int isa) {
        return switch (isa) {
            case 0x0 -> "baseline";
            case 0x1 -> "sse41";
            case 0x3 -> "avx";
            case 0x7 -> "avx2";
            case 0xf -> "avx2_vnni";
            case 0x1f -> "avx2_vnni_2";
            case 0x27 -> "avx512_core";
            case 0x67 -> "avx512_core_vnni";
            case 0xe7 -> "avx512_core_bf16";
            case 0x1ef -> "avx512_core_fp16";
            case 0xfef -> "avx512_core_amx";
            case 0x1fef -> "avx512_core_amx_fp16";
            default -> "instruction set 0x" + Integer.toHexString(isa);
        };
    }
}
