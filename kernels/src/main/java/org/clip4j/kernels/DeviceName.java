package org.clip4j.kernels;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code --device} takes: a kind of device and, where there are several, which one, as in {@code cuda:1}.
 *
 * @param kind {@code cpu} or {@code cuda}
 * @param index counted from 0
 */
public record DeviceName(String kind, int index) {
    private static final Pattern FORM = Pattern.compile("([a-z]+)(?::([0-9]{1,4}))?");

    /**
     * Takes a name apart.
     *
     * @throws IllegalArgumentException when it is not of the form KIND or KIND:N
     */
    public static DeviceName parse(String name) {
        Matcher matcher = FORM.matcher(name);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a device: device=" + name
                    + " expected a kind such as cpu or cuda, or one of several such as cuda:1");
        }
        return new DeviceName(matcher.group(1), matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2)));
    }

    @Override
    public String toString() {
        return index == 0 ? kind : kind + ":" + index;
    }
}
