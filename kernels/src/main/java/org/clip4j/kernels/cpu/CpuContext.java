package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** A session's lanes, and the arguments of the operation that it is running. */
final class CpuContext implements ExecutionContext, ThreadTeam.Task {
    private final ThreadTeam team;
    private final AtomicInteger nextPart = new AtomicInteger();
    private final CpuLane[] lanes;
    private final CpuCall call = new CpuCall();
    private final MatrixEngine engine;
    private HostTask hostTask;
    private Arena scratchArena;
    private Tensor scratch;
    private boolean closed;

    CpuContext(ThreadTeam team, MatrixEngine engine) {
        this.team = team;
        this.engine = engine;
        this.lanes = new CpuLane[team.size()];
        try {
            for (int i = 0; i < lanes.length; i++) {
                lanes[i] = new CpuLane(engine);
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    static CpuCall call(ExecutionContext context, CpuOperation operation) {
        CpuContext own = (CpuContext) context;
        own.requireOpen();
        own.call.reset(operation);
        return own.call;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the execution context is closed");
        }
    }

    /** Runs the operation of the call on all lanes. */
    static void run(ExecutionContext context) {
        CpuContext own = (CpuContext) context;
        if (own.call.task != null) {
            own.team.run(own); // has a share of its own for each lane
            return;
        }
        own.nextPart.set(0);
        own.team.share(own);
    }

    @Override
    public int hostLanes() {
        return lanes.length;
    }

    @Override
    public void runOnHost(HostTask task) {
        requireOpen();
        hostTask = task;
        try {
            team.run(this);
        } finally {
            hostTask = null;
        }
    }

    @Override
    public void run(int lane, int laneCount) {
        if (hostTask != null) {
            hostTask.run(lane);
            return;
        }
        if (call.task != null) {
            call.task.run(lanes[lane], lane, laneCount);
            return;
        }
        int parts = call.operation().parts(call, laneCount);
        for (int part = nextPart.getAndIncrement(); part < parts; part = nextPart.getAndIncrement()) {
            call.operation().run(call, lanes[lane], part, parts);
        }
    }

    /** Threads of the session. */
    static int lanes(ExecutionContext context) {
        return ((CpuContext) context).lanes.length;
    }

    /** Scratch that all lanes of a call see, at least so many floats; grows to the largest size asked for. */
    static Tensor scratch(ExecutionContext context, int floats) {
        CpuContext own = (CpuContext) context;
        if (own.scratch == null || own.scratch.elements() < floats) {
            // Forgotten before it is freed: the next allocation may fail, and then there is no scratch.
            own.freeScratch();
            own.scratchArena = new Arena(own.engine.allocator());
            own.scratch = own.scratchArena.allocate(DType.F32, floats);
        }
        return own.scratch;
    }

    private void freeScratch() {
        scratch = null;
        if (scratchArena != null) {
            scratchArena.close();
            scratchArena = null;
        }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the tensor's own memory, not memory with the same contents
    public void upload(FloatBuffer source, int sourceIndex, Tensor target, int count) {
        Operands.requireContiguous("target", target);
        if (source == staging(target) && sourceIndex == 0) {
            return;
        }
        target.floats().put(0, source, sourceIndex, count);
    }

    @Override
    public void download(Tensor source, FloatBuffer target, int targetIndex, int count) {
        Operands.requireContiguous("source", source);
        target.put(targetIndex, source.floats(), 0, count);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        freeScratch();
        for (CpuLane lane : lanes) {
            if (lane != null) {
                lane.close();
            }
        }
    }
}
