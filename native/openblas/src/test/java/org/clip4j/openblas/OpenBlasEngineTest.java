package org.clip4j.openblas;

import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.MatrixEngineContract;

class OpenBlasEngineTest extends MatrixEngineContract {
    @Override
    protected MatrixEngine engine() {
        return new OpenBlasEngine(new OpenBlasBackendProvider().probe().detail());
    }
}
