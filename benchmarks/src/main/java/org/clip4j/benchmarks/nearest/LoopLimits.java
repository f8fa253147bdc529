package org.clip4j.benchmarks.nearest;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.LaneTask;
import org.clip4j.kernels.cpu.ProcessorLimits;

/** How fast a backend's own threads read and multiply in loops that do nothing else. */
final class LoopLimits implements Limits, AutoCloseable {
    /** 256 MB, many times any cache. */
    private static final int READ_FLOATS = 1 << 26;
    private static final int PAGE_FLOATS = 1024;
    /** About 15 ms of a core of 2023. */
    private static final long ROUNDS = 2_000_000;

    private final CpuBackend backend;
    private final ProcessorLimits loops;
    private final Arena arena;
    private final ExecutionContext context;
    private final LaneTask read;
    private final LaneTask multiply;
    private volatile float sink;
    /** Of the sample that is measured. */
    private int repeats = 1;
    private double readMillis;
    private double multiplyMillis;
    private double gigabytes;
    private double teraflops;
    private double bestGigabytes;
    private double bestTeraflops;

    LoopLimits(CpuBackend backend, ProcessorLimits loops) {
        this.backend = backend;
        this.loops = loops;
        arena = backend.newArena();
        context = backend.newContext();
        int threads = backend.threads();
        Tensor[] shares = new Tensor[threads];
        for (int i = 0; i < threads; i++) {
            shares[i] = arena.allocate(DType.F32, READ_FLOATS / threads);
            // Pages that nobody has written are all the same one.
            for (int at = 0; at < shares[i].elements(); at += PAGE_FLOATS) {
                shares[i].floats().put(at, 1f);
            }
        }
        read = (lane, index, lanes) -> {
            for (int i = 0; i < repeats; i++) {
                sink = loops.read(shares[index]);
            }
        };
        multiply = (lane, index, lanes) -> sink = loops.multiply(ROUNDS * repeats);
        sample(0);
    }

    @Override
    public void sample(double callMillis) {
        int threads = backend.threads();
        int share = READ_FLOATS / threads;
        repeats = repeats(callMillis, readMillis);
        readMillis = millis(read) / repeats;
        gigabytes = (double) share * threads * Float.BYTES / readMillis / 1e6;
        repeats = repeats(callMillis, multiplyMillis);
        multiplyMillis = millis(multiply) / repeats;
        teraflops = (double) ROUNDS * loops.roundOperations() * threads / multiplyMillis / 1e9;
        bestGigabytes = Math.max(bestGigabytes, gigabytes);
        bestTeraflops = Math.max(bestTeraflops, teraflops);
    }

    private static int repeats(double callMillis, double loopMillis) {
        return loopMillis > 0 ? Math.max(1, (int) Math.round(callMillis / loopMillis)) : 1;
    }

    private double millis(LaneTask task) {
        long start = System.nanoTime();
        backend.run(context, task);
        return (System.nanoTime() - start) / 1e6;
    }

    @Override
    public double gigabytes() {
        return gigabytes;
    }

    @Override
    public double teraflops() {
        return teraflops;
    }

    @Override
    public double bestGigabytes() {
        return bestGigabytes;
    }

    @Override
    public double bestTeraflops() {
        return bestTeraflops;
    }

    @Override
    public String memory() {
        return "read";
    }

    @Override
    public String arithmetic() {
        return "FMA";
    }

    @Override
    public void close() {
        context.close();
        arena.close();
    }
}
