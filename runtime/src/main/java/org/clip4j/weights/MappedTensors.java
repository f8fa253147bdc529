package org.clip4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.kernels.Tensor;

/**
 * The tensors of a safetensors file as views of its bytes. They stay readable for as long as someone holds one, also after
 * {@link #close}: maps are released when the last view is gone. Thread-safe.
 */
final class MappedTensors implements AutoCloseable {
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final List<ClosedMaps.Ticket> tickets = new ArrayList<>();

    private MappedTensors() {}

    /**
     * Views the tensors.
     *
     * @throws OutOfMemoryError when there is no address space; FileChannel.map reports it so
     */
    static MappedTensors map(FileBytes bytes, SafetensorsHeader header, String file) throws IOException {
        MappedTensors mapped = new MappedTensors();
        try {
            mapped.mapRuns(bytes, header, file);
            return mapped;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            mapped.close();
            throw e;
        }
    }

    /** Views runs of tensors, each run shorter than 2 GiB since a buffer is indexed by int. */
    private void mapRuns(FileBytes bytes, SafetensorsHeader header, String file) throws IOException {
        List<SafetensorsHeader.Entry> entries = header.tensors();
        int first = 0;
        while (first < entries.size()) {
            long begin = entries.get(first).begin();
            int last = first;
            while (last < entries.size() && entries.get(last).end() - begin <= Integer.MAX_VALUE) {
                last++;
            }
            if (last == first) {
                throw new ModelFileException("tensor is too large: name=" + entries.get(first).name()
                        + " maxBytes=" + Integer.MAX_VALUE + " actualBytes=" + entries.get(first).sizeBytes()
                        + " file=" + file);
            }
            long end = entries.get(last - 1).end();
            ByteBuffer run = bytes.view(header.dataStartBytes() + begin, end - begin);
            if (bytes.maps()) {
                tickets.add(ClosedMaps.track(run, end - begin));
            }
            for (SafetensorsHeader.Entry entry : entries.subList(first, last)) {
                ByteBuffer view = run.slice((int) (entry.begin() - begin), (int) entry.sizeBytes());
                int[] shape = new int[entry.shape().size()];
                for (int axis = 0; axis < shape.length; axis++) {
                    shape[axis] = entry.shape().get(axis);
                }
                tensors.put(entry.name(), Tensor.of(view, entry.dtype(), Tensor.NO_ADDRESS, shape));
            }
            first = last;
        }
    }

    /** The views by their names, in the order of the file. */
    Map<String, Tensor> tensors() {
        return tensors;
    }

    /** Lets go of the maps; views that others still hold stay valid. May be called again. */
    @Override
    public void close() {
        tickets.forEach(ClosedMaps.Ticket::close);
    }
}
