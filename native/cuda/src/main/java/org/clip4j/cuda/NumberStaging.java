package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.MemoryAllocator;

/**
 * The way of row numbers, token ids and offsets to the card: pinned memory of the host, and as much on the card. Single
 * operations take it in turn, from front to back and again, but for what the current one has put there; a recording has
 * a part of its own for good. Not thread-safe; closed by its session.
 */
final class NumberStaging implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;
    /** What small operations may take beside a large one until they have to wait. */
    private static final int TURNING_BYTES = CHUNK_BYTES / 2;
    /** Vector loads of four numbers. */
    private static final int ALIGNMENT_BYTES = 16;

    /** Some pinned memory and its counterpart on the card. Owned by the staging. */
    private static final class Chunk {
        final int sizeBytes;
        final MemoryAllocator.Block host;
        final IntBuffer numbers;
        final Pointer device;
        int usedBytes;

        Chunk(CudaDevice cuda, int sizeBytes) {
            this.sizeBytes = sizeBytes;
            device = cuda.memory().allocate((long) sizeBytes);
            boolean complete = false;
            try {
                host = cuda.pinned().allocate(sizeBytes);
                complete = true;
            } finally {
                if (!complete) {
                    cuda.memory().free(device);
                }
            }
            numbers = host.bytes().asIntBuffer();
        }
    }

    /** A part of a chunk that one recording keeps. */
    static final class Region {
        private final Chunk chunk;
        private final int startBytes;
        private final int sizeBytes;

        private Region(Chunk chunk, int startBytes, int sizeBytes) {
            this.chunk = chunk;
            this.startBytes = startBytes;
            this.sizeBytes = sizeBytes;
        }

        int sizeBytes() {
            return sizeBytes;
        }

        long deviceAddress() {
            return chunk.device.address() + startBytes;
        }
    }

    private final CudaDevice cuda;
    private final CUstream_st stream;
    private final DeviceAddress from = new DeviceAddress();
    private final DeviceAddress to = new DeviceAddress();
    private final List<Chunk> kept = new ArrayList<>();
    private final List<Region> released = new ArrayList<>();
    private final List<Chunk> filled = new ArrayList<>(); // by the current operation
    private Chunk turning;
    private int operationStart; // where those of the current operation begin in turning
    private int largestBytes; // of any operation that was prepared

    NumberStaging(CudaDevice cuda, CUstream_st stream) {
        this.cuda = cuda;
        this.stream = stream;
    }

    /**
     * Bytes of the card that {@link #prepare} would take.
     *
     * @param operationBytes the most that arrays of one operation take
     * @param sequenceBytes what those of all operations take, each array once
     */
    long lackingBytes(int operationBytes, int sequenceBytes) {
        return (turns(operationBytes) ? 0L : chunkBytes(operationBytes + TURNING_BYTES))
                + (keeps(sequenceBytes) ? 0L : chunkBytes(sequenceBytes));
    }

    /**
     * Takes memory for a sequence as it is, and for the part that its recording keeps, unless there is as much.
     *
     * @param session waits for the stream before memory is freed
     */
    void prepare(int operationBytes, int sequenceBytes, CudaContext session) {
        largestBytes = Math.max(largestBytes, operationBytes);
        if (!turns(operationBytes)) {
            Chunk larger = new Chunk(cuda, chunkBytes(operationBytes + TURNING_BYTES));
            session.synchronize();
            free(turning);
            turning = larger;
            operationStart = 0;
        }
        if (!keeps(sequenceBytes)) {
            kept.add(new Chunk(cuda, chunkBytes(sequenceBytes)));
        }
    }

    private boolean turns(int operationBytes) {
        return turning != null && turning.sizeBytes >= operationBytes + TURNING_BYTES;
    }

    private boolean keeps(int sequenceBytes) {
        return findReleased(sequenceBytes) >= 0 || findRoom(sequenceBytes) != null;
    }

    /** Whole chunks, with some room to spare: small parts must not take that of a large one. */
    private static int chunkBytes(int neededBytes) {
        return Math.multiplyExact(neededBytes / CHUNK_BYTES + 1, CHUNK_BYTES);
    }

    /** Bytes that an array takes. */
    static int sizeBytes(int count) {
        return (count * Integer.BYTES + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    }

    /**
     * Begins an operation: its launches need the arrays of its own only.
     *
     * @param session waits for the stream before memory is freed
     */
    void beginOperation(CudaContext session) {
        if (!filled.isEmpty()) {
            session.synchronize();
            filled.forEach(this::free);
            filled.clear();
        }
        if (turning != null && turning.usedBytes > 0 && turning.usedBytes + largestBytes > turning.sizeBytes) {
            // Its arrays must not end beyond the chunk: what is put there cannot be moved any more.
            session.synchronize();
            turning.usedBytes = 0;
        }
        operationStart = turning == null ? 0 : turning.usedBytes;
    }

    /**
     * Copies numbers to the card for the launches of the current operation.
     *
     * @param session waits for the stream before memory is used again
     * @return where they are on the card
     */
    long stage(int[] source, int count, CudaContext session) {
        int needed = sizeBytes(count);
        if (turning == null || turning.usedBytes + needed > turning.sizeBytes) {
            turnOver(needed, session);
        }
        int at = turning.usedBytes;
        turning.usedBytes += needed;
        turning.numbers.put(at / Integer.BYTES, source, 0, count);
        copy(turning, at, count * Integer.BYTES);
        return turning.device.address() + at;
    }

    private void turnOver(int needed, CudaContext session) {
        int sizeBytes = Math.max(CHUNK_BYTES, needed);
        if (turning != null && turning.usedBytes > operationStart) {
            // What the operation has put there is not launched yet.
            sizeBytes = Math.max(sizeBytes, turning.sizeBytes);
            filled.add(turning);
            turning = null;
        } else if (turning != null) {
            session.synchronize();
            if (needed > turning.sizeBytes) {
                free(turning);
                turning = null;
            }
        }
        if (turning == null) {
            turning = new Chunk(cuda, sizeBytes);
        }
        turning.usedBytes = 0;
        operationStart = 0;
    }

    /** Sets a part aside until it is {@linkplain #release released}. */
    Region reserve(int sizeBytes) {
        int place = findReleased(sizeBytes);
        if (place >= 0) {
            return released.remove(place);
        }
        Chunk chunk = findRoom(sizeBytes);
        if (chunk == null) {
            chunk = new Chunk(cuda, chunkBytes(sizeBytes));
            kept.add(chunk);
        }
        Region region = new Region(chunk, chunk.usedBytes, sizeBytes);
        chunk.usedBytes += sizeBytes;
        return region;
    }

    /** Place of the smallest released part that has so many bytes, or -1. */
    private int findReleased(int sizeBytes) {
        int best = -1;
        for (int i = 0; i < released.size(); i++) {
            int size = released.get(i).sizeBytes();
            if (size >= sizeBytes && (best < 0 || size < released.get(best).sizeBytes())) {
                best = i;
            }
        }
        return best;
    }

    /** The first chunk with so many bytes left, or null. */
    private Chunk findRoom(int sizeBytes) {
        for (Chunk chunk : kept) {
            if (chunk.sizeBytes - chunk.usedBytes >= sizeBytes) {
                return chunk;
            }
        }
        return null;
    }

    /** Takes a part back, for another recording. */
    void release(Region region) {
        released.add(region);
    }

    /** Puts numbers into a region; {@link #send} brings them to the card. */
    void put(Region region, int offsetBytes, int[] source, int count) {
        region.chunk.numbers.put((region.startBytes + offsetBytes) / Integer.BYTES, source, 0, count);
    }

    /** Copies some bytes of a region to the card. */
    void send(Region region, int fromBytes, int toBytes) {
        if (toBytes > fromBytes) {
            copy(region.chunk, region.startBytes + fromBytes, toBytes - fromBytes);
        }
    }

    private void copy(Chunk chunk, int at, int bytes) {
        Status.runtime(cudaMemcpyAsync(to.at(chunk.device.address() + at), from.at(chunk.host.address() + at), bytes,
                cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
    }

    private void free(Chunk chunk) {
        if (chunk != null) {
            chunk.host.release().run();
            cuda.memory().free(chunk.device);
        }
    }

    @Override
    public void close() {
        free(turning);
        turning = null;
        filled.forEach(this::free);
        filled.clear();
        kept.forEach(this::free);
        kept.clear();
    }
}
