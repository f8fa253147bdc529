package org.clip4j.onednn;

/** Names of dnnl_cpu_isa_t, oneapi/dnnl/dnnl_types.h; what {@code ONEDNN_MAX_CPU_ISA} limits. Stateless. */
final class CpuIsa {
    private static final int AVX2_VNNI = 0xf;
    private static final int AVX2_VNNI_2 = 0x1f;
    private static final int AVX512_VNNI = 0x67;
    private static final int AVX512_BF16 = 0xe7;

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

    /** The same as a word for a file's name. */
    static String label(int isa) {
        return name(isa).replace("instruction set ", "isa");
    }

    /** True when the processor multiplies bf16: AVX512_BF16, or its 256-bit form. */
    static boolean hasBf16Products(int isa) {
        return (isa & AVX512_BF16) == AVX512_BF16 || isa == AVX2_VNNI_2;
    }

    /** True when the processor adds products of bytes in 32 bits. */
    static boolean hasVnni(int isa) {
        return (isa & AVX512_VNNI) == AVX512_VNNI || isa == AVX2_VNNI || isa == AVX2_VNNI_2;
    }

    /**
     * Steps from 0 to the largest int8 weight. Without VNNI two products of u8 and s8 are added in 16 bits and cut off at
     * 32,767: 2 * 255 * 64 is below that, 2 * 255 * 127 is not.
     */
    static int weightSteps(int isa) {
        return hasVnni(isa) || isa == 0 ? 127 : 64;
    }

    /** What the lower precisions mean on a processor, one line. */
    static String precisions(int isa) {
        return (hasBf16Products(isa)
                ? "bf16 products"
                : "no bf16 products: bf16 rounds weights and is no faster than f32") + ", "
                + (hasVnni(isa) ? "int8 by VNNI or better" : "no VNNI: int8 weights of 7 bits");
    }
}
