package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/**
 * What one thread of one session works with: its matrix products, rows to compute on, and scratch memory. Not
 * thread-safe; owned by the session's context.
 */
public final class CpuLane implements AutoCloseable {
    private final MatrixLane matrices;
    private final MatrixEngine engine;
    private final MatrixProduct product = new MatrixProduct();
    private final PackedCall packed = new PackedCall();
    private final RowMath rows = new RowMath();
    private NearestLane nearest;
    private RowConverter converter;
    private Arena scratchArena;
    private Tensor scratch;

    CpuLane(MatrixEngine engine) {
        this.engine = engine;
        this.matrices = engine.newLane();
    }

    /** Arguments of the next {@link #multiply}. */
    public MatrixProduct product() {
        return product;
    }

    /** Computes {@link #product}. */
    public void multiply() {
        matrices.multiply(product);
    }

    /** What the engine keeps for this thread. */
    public MatrixLane matrices() {
        return matrices;
    }

    /** Arguments for a packed layer that this lane calls on its own. */
    PackedCall packed() {
        return packed;
    }

    /** What searches are done with; made at the first one. */
    NearestLane nearest() {
        if (nearest == null) {
            nearest = new NearestLane();
        }
        return nearest;
    }

    /** Converts rows in plain Java; made when it is first asked for. */
    RowConverter converter() {
        if (converter == null) {
            converter = new RowConverter();
        }
        return converter;
    }

    /** Functions over stretches of rows. */
    public RowMath rows() {
        return rows;
    }

    /**
     * Scratch of at least so many floats, the same for every caller; contents are undefined. Grows to the largest size
     * asked for.
     */
    public Tensor scratch(int floats) {
        if (scratch == null || scratch.elements() < floats) {
            // Forgotten before it is freed: the next allocation may fail, and then there is no scratch.
            freeScratch();
            scratchArena = new Arena(engine.allocator());
            scratch = scratchArena.allocate(DType.F32, floats);
        }
        return scratch;
    }

    private void freeScratch() {
        scratch = null;
        if (scratchArena != null) {
            scratchArena.close();
            scratchArena = null;
        }
    }

    @Override
    public void close() {
        matrices.close();
        freeScratch();
    }
}
