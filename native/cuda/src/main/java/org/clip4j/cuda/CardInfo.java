package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cuDeviceGet;
import static org.bytedeco.cuda.global.cudart.cuDeviceGetName;
import static org.bytedeco.cuda.global.cudart.cuInit;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMajor;
import static org.bytedeco.cuda.global.cudart.cudaDevAttrComputeCapabilityMinor;
import static org.bytedeco.cuda.global.cudart.cudaDeviceGetAttribute;
import static org.bytedeco.cuda.global.cudart.cudaDriverGetVersion;
import static org.bytedeco.cuda.global.cudart.cudaGetDeviceCount;
import static org.bytedeco.cuda.global.cudart.cudaRuntimeGetVersion;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What is known of a card without using it.
 *
 * @param name such as {@code NVIDIA H100 80GB HBM3}
 * @param major of the compute capability
 * @param minor of the compute capability
 */
record CardInfo(String name, int major, int minor) {
    private static final int MAX_NAME = 256;

    /** All cards, in the order of their numbers. */
    static List<CardInfo> all() {
        int[] count = new int[1];
        Status.driver(cuInit(0), "cuInit", null);
        Status.runtime(cudaGetDeviceCount(count), "cudaGetDeviceCount");
        List<CardInfo> cards = new ArrayList<>();
        for (int i = 0; i < count[0]; i++) {
            cards.add(new CardInfo(name(i), attribute(cudaDevAttrComputeCapabilityMajor, i),
                    attribute(cudaDevAttrComputeCapabilityMinor, i)));
        }
        return cards;
    }

    private static String name(int index) {
        int[] device = new int[1];
        Status.driver(cuDeviceGet(device, index), "cuDeviceGet", "cuda:" + index);
        byte[] chars = new byte[MAX_NAME];
        Status.driver(cuDeviceGetName(chars, chars.length, device[0]), "cuDeviceGetName", "cuda:" + index);
        int length = 0;
        while (length < chars.length && chars[length] != 0) {
            length++;
        }
        return new String(chars, 0, length, StandardCharsets.UTF_8);
    }

    static int attribute(int attribute, int index) {
        int[] value = new int[1];
        Status.runtime(cudaDeviceGetAttribute(value, attribute, index), "cudaDeviceGetAttribute");
        return value[0];
    }

    /** Whether the card's matrix units take the 16-bit products that our attention is made of: sm_80 and newer. */
    boolean hasAsyncMatrixUnits() {
        return major >= 8;
    }

    /** Whether the card's matrix units take 8-bit floating point: sm_89 and newer. */
    boolean hasFp8() {
        return major > 8 || (major == 8 && minor >= 9);
    }

    /** Whether kernels can be put in place while the one before still runs: sm_90 and newer. */
    boolean startsEarly() {
        return major >= 9;
    }

    /** Version of the runtime library, such as 13.0. */
    static String runtimeVersion() {
        int[] version = new int[1];
        Status.runtime(cudaRuntimeGetVersion(version), "cudaRuntimeGetVersion");
        return version(version[0]);
    }

    /** The newest CUDA that the driver supports, such as 13.0; 0.0 when there is no driver. */
    static String driverVersion() {
        int[] version = new int[1];
        Status.runtime(cudaDriverGetVersion(version), "cudaDriverGetVersion");
        return version(version[0]);
    }

    private static String version(int number) {
        // 1000 * major + 10 * minor: CUDA runtime API, cudaDriverGetVersion.
        return number / 1000 + "." + number % 1000 / 10;
    }

    @Override
    public String toString() {
        return name + " sm_" + major + minor;
    }
}
