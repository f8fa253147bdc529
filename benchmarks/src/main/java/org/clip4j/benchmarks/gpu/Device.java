package org.clip4j.benchmarks.gpu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;

/**
 * What the probes say of a device.
 *
 * @param name as {@code LoadOptions} takes it
 * @param precisions those asked for that a backend offers; empty when the device cannot be used
 * @param detail of the fastest usable backend, or the reasons why none is usable
 */
record Device(String name, List<Precision> precisions, String detail) {
    /** Asks all backends of the device's kind. */
    static Device probe(String name, List<String> wanted) {
        String kind = name.contains(":") ? name.substring(0, name.indexOf(':')) : name;
        List<BackendProvider> providers = Backends.providers().stream()
                .filter(provider -> provider.device().equals(kind)).toList();
        if (providers.isEmpty()) {
            return new Device(name, List.of(), "no backend for this device is on the class path");
        }
        List<Precision> offered = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        String usable = null;
        for (BackendProvider provider : providers) {
            Probe probe = provider.probe();
            if (probe.usable()) {
                usable = usable == null ? provider.name() + ": " + probe.detail() : usable;
                offered.addAll(probe.precisions());
            } else {
                reasons.add(provider.name() + ": " + probe.detail());
            }
        }
        List<Precision> precisions = List.of(Precision.values()).stream()
                .filter(precision -> offered.contains(precision) && wanted.contains(precision.label())).toList();
        if (usable == null) {
            return new Device(name, List.of(), String.join("; ", reasons));
        }
        return new Device(name, precisions, precisions.isEmpty() ? usable + "; offers none of " + wanted : usable);
    }

    boolean usable() {
        return !precisions.isEmpty();
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("device", name);
        json.put("usable", usable());
        json.put("detail", detail);
        json.put("precisions", precisions.stream().map(Precision::label).collect(Collectors.toList()));
        return json;
    }
}
