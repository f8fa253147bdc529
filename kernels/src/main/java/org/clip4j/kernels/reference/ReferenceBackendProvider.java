package org.clip4j.kernels.reference;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;

/** Offers {@link ReferenceBackend} everywhere, as the last choice. */
public final class ReferenceBackendProvider implements BackendProvider {
    @Override
    public String name() {
        return ReferenceBackend.NAME;
    }

    @Override
    public String device() {
        return "cpu";
    }

    @Override
    public int rank() {
        return 0;
    }

    @Override
    public Probe probe() {
        return Probe.usable("plain Java, double precision, one thread; the oracle of the tests", Precision.F32);
    }

    @Override
    public Backend open(BackendOptions options) {
        probe().require(name(), options.precision());
        return new ReferenceBackend();
    }
}
