package org.clip4j.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** Finds the backends on the class path, once, and opens the one that was asked for. Any thread. */
public final class Backends {
    /** The name that stands for the fastest usable backend of the device. */
    public static final String AUTO = "auto";
    private static final String ONE_OF_A_KIND = "cpu";
    /** Looked for once: that reads all jars of the class path. Providers are immutable, and shared as classes are. */
    private static List<BackendProvider> providers;

    /**
     * An opened backend, and how it came to be chosen.
     *
     * @param backend to be closed by whoever asked for it
     * @param reason one line for people: what runs, and which faster backends were passed over, and why
     */
    public record Selection(Backend backend, String reason) {}

    private Backends() {}

    /** All registered providers, fastest first. */
    public static synchronized List<BackendProvider> providers() {
        if (providers == null) {
            List<BackendProvider> found = new ArrayList<>();
            ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader()).forEach(found::add);
            found.sort(Comparator.comparingInt(BackendProvider::rank).reversed());
            providers = List.copyOf(found);
        }
        return providers;
    }

    /**
     * Opens a backend by name, or the fastest usable one.
     *
     * @param device {@code cpu}, {@code cuda} or one of several such as {@code cuda:1}; see {@link DeviceName}
     * @param name a backend's name, or {@link #AUTO}
     * @throws BackendException when the named one, or every one, cannot be used; never falls back silently
     */
    public static Selection select(String device, String name, BackendOptions options) {
        return select(providers(), device, name, options);
    }

    /** The backend of {@link #select}, for callers that do not tell how it was chosen. */
    public static Backend open(String device, String name, BackendOptions options) {
        return select(device, name, options).backend();
    }

    /** The choice among given providers, fastest first. */
    static Selection select(List<BackendProvider> providers, String device, String name, BackendOptions options) {
        DeviceName wanted = DeviceName.parse(device);
        List<BackendProvider> candidates = providers.stream().filter(p -> p.device().equals(wanted.kind())).toList();
        if (candidates.isEmpty()) {
            throw new BackendException("no backend for device '" + device + "' is on the class path; devices="
                    + providers.stream().map(BackendProvider::device).distinct().sorted().toList(), null);
        }
        if (wanted.index() > 0 && wanted.kind().equals(ONE_OF_A_KIND)) {
            throw new BackendException("there is one such device only: device=" + device + "; choose "
                    + wanted.kind(), null);
        }
        if (options.pinned() && !wanted.kind().equals(ONE_OF_A_KIND)) {
            throw new BackendException("threads are pinned for backends of the processor only: device=" + device
                    + "; do not pin them, or choose " + ONE_OF_A_KIND, null);
        }
        BackendOptions onDevice = options.withDeviceIndex(wanted.index());
        return name.equals(AUTO) ? openFastest(device, candidates, onDevice) : openNamed(name, candidates, onDevice);
    }

    private static Selection openNamed(String name, List<BackendProvider> candidates, BackendOptions options) {
        for (BackendProvider provider : candidates) {
            if (provider.name().equals(name)) {
                Backend backend = provider.open(options);
                return new Selection(backend, describe(backend) + "; chosen by name");
            }
        }
        throw new BackendException("unknown backend '" + name + "'; known="
                + candidates.stream().map(BackendProvider::name).collect(Collectors.joining(",")), null);
    }

    private static Selection openFastest(String device, List<BackendProvider> candidates, BackendOptions options) {
        List<String> reasons = new ArrayList<>();
        Throwable cause = null;
        for (BackendProvider provider : candidates) {
            Probe probe = provider.probe();
            if (probe.usable() && probe.precisions().contains(options.precision())) {
                Backend backend = provider.open(options);
                String skipped = reasons.isEmpty() ? "" : "; faster but not usable: " + String.join("; ", reasons);
                return new Selection(backend, describe(backend) + "; fastest that is usable" + skipped);
            }
            reasons.add(provider.name() + ": " + (probe.usable()
                    ? "offers precisions " + probe.precisions().stream().map(Precision::label).toList()
                    : probe.detail()));
            cause = cause == null ? probe.cause() : cause;
        }
        throw new BackendException("no backend of device '" + device + "' can run in precision '"
                + options.precision().label() + "': " + String.join("; ", reasons), cause);
    }

    private static String describe(Backend backend) {
        return "backend '" + backend.name() + "' (" + backend.description() + "), precision "
                + backend.precision().label() + ", threads " + backend.threads() + pinning(backend.pinnedProcessors());
    }

    private static String pinning(int[] processors) {
        return processors.length == 0
                ? ""
                : " for processors " + Arrays.stream(processors).mapToObj(String::valueOf)
                        .collect(Collectors.joining(","));
    }
}
