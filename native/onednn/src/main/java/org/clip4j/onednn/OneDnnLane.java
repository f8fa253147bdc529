package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_sgemm;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;

import java.util.Arrays;
import org.bytedeco.dnnl.dnnl_stream;
import org.clip4j.javacpp.FloatAddress;
import org.clip4j.kernels.cpu.MatrixLane;
import org.clip4j.kernels.cpu.MatrixProduct;

/**
 * What the library needs for one thread of one session: a stream, and the primitives that the thread has met, found again
 * by shape and rows. Not thread-safe.
 */
final class OneDnnLane implements MatrixLane {
    /** A power of two, twice as many as are ever kept, so that a search ends soon. */
    private static final int SLOTS = 1024;

    private final OneDnnEngine.Handle handle;
    private final OpenMpThreads threads;
    private final dnnl_stream stream = new dnnl_stream();
    private final BoundProduct[] products = new BoundProduct[SLOTS];
    private final FloatAddress a = new FloatAddress();
    private final FloatAddress b = new FloatAddress();
    private final FloatAddress c = new FloatAddress();
    private int productCount;

    OneDnnLane(OneDnnEngine.Handle handle, OpenMpThreads threads) {
        this.handle = handle.retain();
        this.threads = threads;
        try {
            Dnnl.check(dnnl_stream_create(stream, handle.engine(), dnnl_stream_default_flags), "dnnl_stream_create");
        } catch (RuntimeException e) {
            handle.release();
            throw e;
        }
    }

    @Override
    public void multiply(MatrixProduct product) {
        threads.useCallerOnly();
        Dnnl.check(dnnl_sgemm(transposition(product.transposeA()), transposition(product.transposeB()), product.m(),
                product.n(), product.k(), product.scale(), a.at(product.a().address()), product.a().stride(),
                b.at(product.b().address()), product.b().stride(), product.accumulate() ? 1f : 0f,
                c.at(product.c().address()), product.c().stride()), "dnnl_sgemm");
    }

    private static byte transposition(boolean transposed) {
        return (byte) (transposed ? 'T' : 'N');
    }

    /** The primitive of a shape for so many rows; made when it is met first. */
    BoundProduct product(ProductShape shape, int rows, int xStride, int outStride) {
        int slot = slot(shape, rows, xStride, outStride);
        BoundProduct found = products[slot];
        return found != null ? found : bind(slot, shape, rows, xStride, outStride);
    }

    private int slot(ProductShape shape, int rows, int xStride, int outStride) {
        int hash = ((System.identityHashCode(shape) * 31 + rows) * 31 + xStride) * 31 + outStride;
        int slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
        while (products[slot] != null && !products[slot].is(shape, rows, xStride, outStride)) {
            slot = (slot + 1) & (SLOTS - 1);
        }
        return slot;
    }

    private BoundProduct bind(int slot, ProductShape shape, int rows, int xStride, int outStride) {
        threads.useCallerOnly();
        int free = slot;
        if (productCount == SLOTS / 2) {
            forgetProducts();
            free = slot(shape, rows, xStride, outStride);
        }
        BoundProduct bound = new BoundProduct(handle.engine(), shape, rows, xStride, outStride);
        products[free] = bound;
        productCount++;
        return bound;
    }

    private void forgetProducts() {
        for (BoundProduct product : products) {
            if (product != null) {
                product.close();
            }
        }
        Arrays.fill(products, null);
        productCount = 0;
    }

    /** Computes a product on the calling thread; see {@link BoundProduct#execute}. */
    void execute(BoundProduct product, long xAddress, long weightAddress, long perColumnAddress, long outAddress) {
        threads.useCallerOnly();
        product.execute(stream, xAddress, weightAddress, perColumnAddress, outAddress);
    }

    @Override
    public void close() {
        forgetProducts();
        dnnl_stream_destroy(stream);
        handle.release();
    }
}
