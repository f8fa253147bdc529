package org.clip4j.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.MatrixEngineContract;
import org.clip4j.kernels.cpu.RowKernelsProvider;

class OneDnnEngineTest extends MatrixEngineContract {
    @Override
    protected MatrixEngine engine() {
        NativeLibraries.load(dnnl.class);
        return new OneDnnEngine(OpenMpThreads.find(), LayerForm.F32, RowKernelsProvider.fastest(), "test");
    }
}
