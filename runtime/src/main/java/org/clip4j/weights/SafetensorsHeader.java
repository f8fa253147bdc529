package org.clip4j.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.kernels.DType;

/**
 * The header of a safetensors file, with everything checked that can be wrong: every byte of the file belongs to the
 * header or to exactly one tensor.
 *
 * <p>Format: 8 bytes little-endian header length, a JSON object, then the tensors' bytes
 * (github.com/huggingface/safetensors).
 *
 * @param metadata the free-form strings of {@code __metadata__}; empty when there are none
 * @param tensors in the order of their bytes
 * @param dataStartBytes position of the first tensor's first byte in the file
 */
public record SafetensorsHeader(Map<String, String> metadata, List<Entry> tensors, long dataStartBytes) {
    /** Longest header that is read: twenty times that of the largest published CLIP model. */
    public static final int MAX_HEADER_BYTES = 4 << 20;

    private static final int MAX_RANK = 8;
    private static final JsonFactory JSON = JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(4).build()).build();

    /**
     * Where a tensor lies.
     *
     * @param name as in the file
     * @param dtype element type
     * @param shape sizes of the axes, outermost first
     * @param begin first byte, counted from {@link #dataStartBytes}
     * @param end one past the last byte
     */
    public record Entry(String name, DType dtype, List<Integer> shape, long begin, long end) {
        /** Takes a copy of the list. */
        public Entry {
            shape = List.copyOf(shape);
        }

        /** Length in bytes. */
        public long sizeBytes() {
            return end - begin;
        }
    }

    /**
     * Reads and checks the header.
     *
     * @param channel open for reading; its position is not used
     * @param file name for messages
     * @throws ModelFileException when the file is not a well-formed safetensors file
     */
    public static SafetensorsHeader read(FileChannel channel, String file) throws IOException {
        return read(new FileBytes.OnDisk(channel, file), file);
    }

    static SafetensorsHeader read(FileBytes bytes, String file) throws IOException {
        long fileBytes = bytes.sizeBytes();
        if (fileBytes < 8) {
            throw new ModelFileException("not a safetensors file, it is too short for a header: file=" + file
                    + " expectedBytes>=8 actualBytes=" + fileBytes);
        }
        long headerBytes = bytes.read(0, 8).getLong(0);
        if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES) {
            throw new ModelFileException("not a safetensors file, its header length is out of range: file=" + file
                    + " headerBytes=" + Long.toUnsignedString(headerBytes) + " maxHeaderBytes=" + MAX_HEADER_BYTES);
        }
        if (headerBytes > fileBytes - 8) {
            throw new ModelFileException("safetensors header is longer than the file: file=" + file + " headerBytes="
                    + headerBytes + " fileBytes=" + fileBytes + "; the file is truncated");
        }
        byte[] header = bytes.read(8, (int) headerBytes).array();
        if (header[0] != '{') {
            throw new ModelFileException("not a safetensors file, its header does not start with '{': file=" + file);
        }
        SafetensorsHeader parsed = new Parser(file, 8 + headerBytes).parse(header);
        checkEveryByteIsUsed(parsed.tensors, fileBytes - 8 - headerBytes, file);
        return parsed;
    }

    private static void checkEveryByteIsUsed(List<Entry> tensors, long dataBytes, String file)
            throws ModelFileException {
        long position = 0;
        for (Entry tensor : tensors) {
            if (tensor.begin != position) {
                String how = tensor.begin < position
                        ? "overlaps the tensor before it"
                        : "leaves bytes unused before it";
                throw new ModelFileException("safetensors tensor " + how + ": name=" + tensor.name + " file=" + file
                        + " expectedBegin=" + position + " actualBegin=" + tensor.begin);
            }
            position = tensor.end;
            if (position > dataBytes) {
                throw new ModelFileException("safetensors tensor lies behind the end of the file: name=" + tensor.name
                        + " file=" + file + " end=" + position + " dataBytes=" + dataBytes
                        + "; the file is truncated");
            }
        }
        if (position != dataBytes) {
            throw new ModelFileException("safetensors file has bytes that belong to no tensor: file=" + file
                    + " expectedDataBytes=" + position + " actualDataBytes=" + dataBytes);
        }
    }

    /** Builds nothing but what a header may hold, so that a hostile one cannot use much memory. */
    private static final class Parser {
        private final String file;
        private final long dataStartBytes;
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private final List<Entry> tensors = new ArrayList<>();

        Parser(String file, long dataStartBytes) {
            this.file = file;
            this.dataStartBytes = dataStartBytes;
        }

        SafetensorsHeader parse(byte[] header) throws IOException {
            try (JsonParser in = JSON.createParser(header)) {
                expect(in.nextToken(), JsonToken.START_OBJECT, "header");
                while (in.nextToken() != JsonToken.END_OBJECT) {
                    String name = in.currentName();
                    if (name.equals("__metadata__")) {
                        readMetadata(in);
                    } else {
                        tensors.add(readTensor(in, name));
                    }
                }
                if (in.nextToken() != null) {
                    throw new ModelFileException("safetensors header goes on behind its last brace: file=" + file);
                }
            } catch (JsonProcessingException e) {
                throw new ModelFileException("safetensors header is not valid JSON: file=" + file + " reason="
                        + e.getOriginalMessage().replaceAll("\\s+", " "), e);
            } catch (ModelFileException e) {
                throw e;
            } catch (IOException e) {
                throw new ModelFileException("safetensors header is not valid UTF-8 JSON: file=" + file, e);
            }
            // Tensors of no bytes lie before the one that starts at the same place.
            tensors.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
            return new SafetensorsHeader(Collections.unmodifiableMap(metadata), List.copyOf(tensors), dataStartBytes);
        }

        private void readMetadata(JsonParser in) throws IOException {
            expect(in.nextToken(), JsonToken.START_OBJECT, "__metadata__");
            while (in.nextToken() != JsonToken.END_OBJECT) {
                String key = in.currentName();
                expect(in.nextToken(), JsonToken.VALUE_STRING, "__metadata__." + key);
                metadata.put(key, in.getText());
            }
        }

        private Entry readTensor(JsonParser in, String name) throws IOException {
            expect(in.nextToken(), JsonToken.START_OBJECT, name);
            DType dtype = null;
            List<Long> shape = null;
            List<Long> offsets = null;
            while (in.nextToken() != JsonToken.END_OBJECT) {
                String field = in.currentName();
                JsonToken value = in.nextToken();
                switch (field) {
                    case "dtype" -> {
                        expect(value, JsonToken.VALUE_STRING, name + ".dtype");
                        dtype = dtype(in.getText(), name);
                    }
                    case "shape" -> shape = longs(in, value, MAX_RANK, name + ".shape");
                    case "data_offsets" -> offsets = longs(in, value, 2, name + ".data_offsets");
                    default -> throw new ModelFileException(
                            "unknown field in a safetensors header: field=" + name + "." + field + " file=" + file);
                }
            }
            if (dtype == null || shape == null || offsets == null || offsets.size() != 2) {
                throw new ModelFileException("safetensors tensor lacks dtype, shape or two data_offsets: name=" + name
                        + " file=" + file);
            }
            return checked(name, dtype, shape, offsets.get(0), offsets.get(1));
        }

        private Entry checked(String name, DType dtype, List<Long> shape, long begin, long end)
                throws ModelFileException {
            if (begin > end) {
                throw new ModelFileException("safetensors tensor ends before it begins: name=" + name + " file=" + file
                        + " begin=" + begin + " end=" + end);
            }
            long sizeBytes = dtype.sizeBytes();
            List<Integer> sizes = new ArrayList<>();
            try {
                for (long size : shape) {
                    sizes.add(Math.toIntExact(size));
                    sizeBytes = Math.multiplyExact(sizeBytes, size);
                }
            } catch (ArithmeticException e) {
                throw new ModelFileException(
                        "safetensors tensor is too large: name=" + name + " file=" + file + " shape=" + shape, e);
            }
            if (sizeBytes != end - begin) {
                throw new ModelFileException("safetensors tensor's shape does not fit its bytes: name=" + name
                        + " file=" + file + " shape=" + shape + " dtype=" + dtype + " expectedBytes=" + sizeBytes
                        + " actualBytes=" + (end - begin));
            }
            return new Entry(name, dtype, sizes, begin, end);
        }

        private DType dtype(String text, String name) throws ModelFileException {
            for (DType dtype : DType.values()) {
                if (dtype.name().equals(text)) {
                    return dtype;
                }
            }
            throw new ModelFileException("safetensors tensor has an unknown dtype: name=" + name + " file=" + file
                    + " dtype=" + text);
        }

        private List<Long> longs(JsonParser in, JsonToken value, int max, String field) throws IOException {
            expect(value, JsonToken.START_ARRAY, field);
            List<Long> numbers = new ArrayList<>();
            while (in.nextToken() != JsonToken.END_ARRAY) {
                expect(in.currentToken(), JsonToken.VALUE_NUMBER_INT, field);
                long number = in.getLongValue();
                if (number < 0 || numbers.size() == max) {
                    throw new ModelFileException("safetensors header has a negative number or too many numbers: field="
                            + field + " file=" + file + " number=" + number + " maxCount=" + max);
                }
                numbers.add(number);
            }
            return numbers;
        }

        private void expect(JsonToken actual, JsonToken expected, String field) throws ModelFileException {
            if (actual != expected) {
                throw new ModelFileException("unexpected value in a safetensors header: field=" + field + " file="
                        + file + " expected=" + expected + " actual=" + actual);
            }
        }
    }
}
