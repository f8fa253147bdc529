package org.clip4j.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.clip4j.training.drawn.Split;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Parts of the drawn world by their names on the command line, {@code unseen-colour} for example. Stateless. */
final class SplitName implements ITypeConverter<Split> {
    @Override
    public Split convert(String value) {
        for (Split split : Split.values()) {
            if (of(split).equals(value)) {
                return split;
            }
        }
        String names = Arrays.stream(Split.values()).map(SplitName::of).collect(Collectors.joining(", "));
        throw new TypeConversionException("expected one of " + names + " but was '" + Console.brief(value) + "'");
    }

    private static String of(Split split) {
        return split.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
