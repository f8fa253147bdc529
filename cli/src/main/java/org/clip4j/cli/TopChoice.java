package org.clip4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How many results are shown. */
final class TopChoice {
    @Option(names = "--top", paramLabel = "K", converter = Count.class, description = "Only the best K results.")
    private Integer top;

    static final class Count implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String value) {
            try {
                int count = Integer.parseInt(value);
                if (count >= 1) {
                    return count;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException("expected a number of at least 1 but was '" + value + "'");
        }
    }

    int count() {
        return top == null ? Integer.MAX_VALUE : top;
    }
}
