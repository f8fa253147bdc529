package org.clip4j.simd;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How far the library may go: for tests, and for processors that slow down in wide instructions. */
enum InstructionSet {
    /** What every processor of the architecture has: SSE2, or NEON. */
    BASELINE(0),
    /** AVX2 and FMA. */
    AVX2(1),
    /** AVX-512 F, BW, VL and DQ. */
    AVX512(2),
    /** The same with AVX512_VNNI, which multiplies and adds integers in one instruction. */
    AVX512VNNI(3);

    /** System property that names the highest one to be used; the variable is looked at without it. */
    static final String PROPERTY = "clip4j.maxIsa";
    static final String VARIABLE = "CLIP4J_MAX_ISA";

    private final int level;

    InstructionSet(int level) {
        this.level = level;
    }

    /** The number that stands for it: library.cpp. */
    int level() {
        return level;
    }

    /** The highest one that the user allows. */
    static InstructionSet allowed() {
        String wanted = System.getProperty(PROPERTY, System.getenv(VARIABLE));
        return wanted == null || wanted.isEmpty() ? AVX512VNNI : parse(wanted);
    }

    static InstructionSet parse(String name) {
        for (InstructionSet set : values()) {
            if (set.label().equals(name.toLowerCase(Locale.ROOT))) {
                return set;
            }
        }
        throw new IllegalArgumentException(
                "unknown instruction set in " + VARIABLE + " or " + PROPERTY + ": actual=" + name + " known="
                        + Arrays.stream(values()).map(InstructionSet::label).collect(Collectors.joining(",")));
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
