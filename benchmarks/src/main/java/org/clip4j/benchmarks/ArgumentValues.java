package org.clip4j.benchmarks;

import java.util.List;
import java.util.Locale;
import org.clip4j.kernels.Precision;

/** Values of arguments, or what is wrong with them in one line. Stateless. */
public final class ArgumentValues {
    /** What processors offer. */
    private static final List<Precision> PRECISIONS = List.of(Precision.F32, Precision.BF16, Precision.INT8);

    private ArgumentValues() {}

    /**
     * A whole number.
     *
     * @param name of the argument
     * @param value digits, underscores between them
     * @throws IllegalArgumentException when it is none, or out of range
     */
    public static int count(String name, String value, int least, int most) {
        String digits = value.replace("_", "");
        // As many digits as surely fit.
        int count = digits.matches("[0-9]{1,9}") ? Integer.parseInt(digits) : -1;
        if (count < least || count > most) {
            throw new IllegalArgumentException("wrong argument: " + name + " expected=" + least
                    + (most == Integer.MAX_VALUE ? " or more" : ".." + most) + " actual=" + value);
        }
        return count;
    }

    /**
     * A precision of processors.
     *
     * @param name of the argument
     * @throws IllegalArgumentException when it is none
     */
    public static Precision precision(String name, String value) {
        for (Precision precision : PRECISIONS) {
            if (precision.label().equals(value.toLowerCase(Locale.ROOT))) {
                return precision;
            }
        }
        throw new IllegalArgumentException("wrong argument: " + name + " expected="
                + String.join("|", PRECISIONS.stream().map(Precision::label).toList()) + " actual=" + value);
    }
}
