package org.clip4j.converter;

import java.util.stream.Stream;
import org.clip4j.clip.LoadOptions;
import org.clip4j.kernels.Backends;
import org.junit.jupiter.api.Assumptions;

/** The devices that goldens are compared on. Stateless. */
final class TestDevices {
    private TestDevices() {}

    /** All backends there are, by name, as {@code device/backend}. */
    static Stream<String> backends() {
        return Backends.providers().stream().map(provider -> provider.device() + "/" + provider.name());
    }

    /** Options for one of {@link #backends}; ends the test, with the reason, where it has no card or was not built. */
    static LoadOptions options(String deviceAndBackend) {
        String device = deviceAndBackend.substring(0, deviceAndBackend.indexOf('/'));
        String backend = deviceAndBackend.substring(device.length() + 1);
        if (!device.equals("cpu")) {
            requireDevice(device);
        }
        if (backend.equals("simd")) {
            requireBuilt(backend);
        }
        return LoadOptions.defaults().withDevice(device).withBackend(backend);
    }

    /** A build without a C++ compiler has no library; one that is there and cannot be used has a cause, and fails. */
    private static void requireBuilt(String backend) {
        Backends.providers().stream().filter(provider -> provider.name().equals(backend))
                .map(provider -> provider.probe())
                .forEach(probe -> Assumptions.assumeTrue(probe.usable() || probe.cause() != null,
                        backend + ": " + probe.detail()));
    }

    /** Ends the test, with the reason, where there is no such device. */
    static void requireDevice(String device) {
        Backends.providers().stream().filter(provider -> provider.device().equals(device))
                .map(provider -> provider.probe())
                .forEach(probe -> Assumptions.assumeTrue(probe.usable(), device + ": " + probe.detail()));
    }
}
