package org.clip4j.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.clip4j.clip.LoadOptions;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.DeviceName;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

/** What runs a model: options of every command, before or after its name. */
final class BackendChoice {
    private static final DeviceName DEFAULT_DEVICE = new DeviceName("cpu", 0);

    /** Asked for before the command's thread may be bound to one of them, when Java counts that one only. */
    private final int processors = BackendOptions.defaults().threads();

    // No default values here: they would replace what was given before the command's name.
    @Option(names = "--device", paramLabel = "DEVICE", scope = ScopeType.INHERIT, description = {
            "cpu, cuda or, where there are several cards, cuda:N; default cpu."}, converter = DeviceNameConverter.class)
    private DeviceName device;
    @Option(names = "--backend", paramLabel = "NAME", scope = ScopeType.INHERIT, description = {
            "A backend of the device, see 'clip backends'; default auto, the fastest usable one."})
    private String backend;
    @Option(names = "--precision", paramLabel = "P", scope = ScopeType.INHERIT, converter = {
            PrecisionName.class}, completionCandidates = PrecisionNames.class, description = {
                    "Of the matrix products, whatever the file's type: ${COMPLETION-CANDIDATES}; default f32."})
    private Precision precision;
    @Option(names = "--threads", paramLabel = "N", scope = ScopeType.INHERIT, description = {
            "Default: the processors granted to the process."}, converter = ThreadCount.class)
    private Integer threads;
    @Option(names = "--pin", scope = ScopeType.INHERIT, description = {
            "Bind each thread that computes to a processor of its own; for even times on a machine with nothing else to do."})
    private Boolean pinned;

    /** Names of {@link Precision}. */
    static final class PrecisionNames implements Iterable<String> {
        @Override
        public java.util.Iterator<String> iterator() {
            return Arrays.stream(Precision.values()).map(Precision::label).iterator();
        }
    }

    static final class PrecisionName implements ITypeConverter<Precision> {
        @Override
        public Precision convert(String value) {
            for (Precision precision : Precision.values()) {
                if (precision.label().equals(value.toLowerCase(Locale.ROOT))) {
                    return precision;
                }
            }
            throw new TypeConversionException("expected one of " + String.join(", ", new PrecisionNames())
                    + " but was '" + value + "'");
        }
    }

    static final class DeviceNameConverter implements ITypeConverter<DeviceName> {
        @Override
        public DeviceName convert(String value) {
            try {
                return DeviceName.parse(value.toLowerCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("expected cpu, cuda or cuda:N but was '" + value + "'");
            }
        }
    }

    static final class ThreadCount implements ITypeConverter<Integer> {
        private static final int MAX_THREADS = 1024;

        @Override
        public Integer convert(String value) {
            try {
                int threads = Integer.parseInt(value);
                if (threads >= 1 && threads <= MAX_THREADS) {
                    return threads;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new TypeConversionException("expected a number from 1 to " + MAX_THREADS + " but was '" + value
                    + "'");
        }
    }

    /** Threads of one call. */
    int threads() {
        return threads == null ? processors : threads;
    }

    /** Whether threads are bound to processors, the command's own among them. */
    boolean pinned() {
        return pinned != null && pinned;
    }

    /** For what computes without a model, in f32. */
    BackendOptions backendOptions() {
        return new BackendOptions(threads(), Precision.F32).withPinned(pinned());
    }

    Precision precision() {
        return precision == null ? BackendOptions.defaults().precision() : precision;
    }

    /** As {@link Backends} takes it. */
    String device() {
        return deviceName().toString();
    }

    private DeviceName deviceName() {
        return device == null ? DEFAULT_DEVICE : device;
    }

    /** Whether a backend runs on the kind of device that was chosen. */
    boolean isOnDevice(BackendProvider provider) {
        return provider.device().equals(deviceName().kind());
    }

    String backend() {
        return backend == null ? Backends.AUTO : backend;
    }

    /**
     * These choices as the runtime takes them.
     *
     * @throws InputException when there is no such device or backend
     */
    LoadOptions loadOptions() {
        if (device != null || backend != null) {
            checkNames(Backends.providers());
        }
        return LoadOptions.defaults().withDevice(device()).withBackend(backend()).withThreads(threads())
                .withPrecision(precision()).withPinned(pinned());
    }

    /**
     * Refuses a precision that backends offer not which could run otherwise. That none can run is not said here.
     *
     * @throws InputException when a usable backend was asked for, and it does not offer the precision
     */
    void checkPrecision() {
        checkPrecision("--precision", precision());
    }

    /** The same for a precision that another option names. */
    void checkPrecision(String option, Precision wanted) {
        if (wanted == BackendOptions.defaults().precision()) {
            return;
        }
        List<String> offers = new ArrayList<>();
        for (BackendProvider provider : chosenProviders()) {
            Probe probe = provider.probe();
            if (probe.usable() && probe.precisions().contains(wanted)) {
                return;
            }
            if (probe.usable()) {
                offers.add(provider.name() + " offers "
                        + probe.precisions().stream().map(Precision::label).collect(Collectors.joining(" and ")));
            }
        }
        if (!offers.isEmpty()) {
            throw new InputException("no usable backend of device " + device() + " offers the precision: " + option
                    + " " + wanted.label() + " actual: " + String.join(", ", offers) + "; choose f32");
        }
    }

    /** The precision that was asked for; without one all that usable backends offer, or f32 where none is usable. */
    List<Precision> precisions() {
        if (precision != null) {
            return List.of(precision);
        }
        EnumSet<Precision> offered = EnumSet.noneOf(Precision.class);
        for (BackendProvider provider : chosenProviders()) {
            offered.addAll(provider.probe().precisions());
        }
        return offered.isEmpty() ? List.of(precision()) : List.copyOf(offered);
    }

    /** Of the device: all, or the one that was named. */
    private List<BackendProvider> chosenProviders() {
        return Backends.providers().stream().filter(this::isOnDevice)
                .filter(provider -> backend().equals(Backends.AUTO) || provider.name().equals(backend())).toList();
    }

    private void checkNames(List<BackendProvider> providers) {
        if (providers.stream().noneMatch(this::isOnDevice)) {
            throw new InputException("unknown device: --device " + device() + " expected one of "
                    + providers.stream().map(BackendProvider::device).distinct().collect(Collectors.joining(", ")));
        }
        List<String> names = providers.stream().filter(this::isOnDevice)
                .map(BackendProvider::name).toList();
        if (!backend().equals(Backends.AUTO) && !names.contains(backend())) {
            throw new InputException("unknown backend of device " + device() + ": --backend " + backend()
                    + " expected one of " + Backends.AUTO + ", " + String.join(", ", names));
        }
    }
}
