package org.clip4j.converter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clip4j.kernels.DType;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.ModelFileWriter;
import org.clip4j.weights.ModelSource;
import org.clip4j.weights.Sha256;
import org.clip4j.weights.TensorSpec;

/**
 * Converts a checkpoint into a model file. Weights stream from a memory map through a buffer of a few MiB, so that the
 * heap needed does not depend on the model; the output appears whole or not at all. Stateless.
 */
public final class Converter {
    private Converter() {}

    /**
     * Converts.
     *
     * @param source a checkpoint file, or a folder of Hugging Face or open_clip
     * @param out the model file; replaced when it exists
     * @throws CheckpointException when the source cannot be converted
     * @throws IOException when the output cannot be written
     */
    public static ConversionSummary convert(Path source, Path out, ConvertOptions options, ProgressListener listener)
            throws IOException {
        try {
            return convertChecked(source, out, options, listener);
        } catch (ModelFileException e) {
            throw new CheckpointException(e.getMessage(), e);
        }
    }

    private static ConversionSummary convertChecked(Path source, Path out, ConvertOptions options,
            ProgressListener listener) throws IOException {
        if (!Files.exists(source)) {
            throw new CheckpointException("checkpoint does not exist: file=" + source);
        }
        List<String> warnings = new ArrayList<>();
        CheckpointSource opened = CheckpointSource.open(source, options.activation(), warnings);
        try (Checkpoint checkpoint = opened.checkpoint()) {
            ClipConfig config = opened.config();
            Map<TensorSpec, List<StoredTensor>> mapped = Layout.of(checkpoint.tensors()).map(config,
                    checkpoint.tensors(), source.toString());
            Optional<byte[]> merges = merges(source, options, config.text().vocabSize());
            if (merges.isEmpty()) {
                warnings.add("checkpoint comes without a vocabulary: text cannot be encoded; convert again with"
                        + " --vocab bpe_simple_vocab_16e6.txt.gz");
            }
            List<ModelFileWriter.Entry> entries = entries(mapped, options.dtype(), merges);
            ModelSource from = new ModelSource(source.toAbsolutePath().normalize().getFileName().toString(),
                    Optional.of(Sha256.of(checkpoint.files())));
            try (ModelFileWriter writer = ModelFileWriter.create(out, config, from, entries)) {
                long sizeBytes = write(writer, entries, mapped, merges, source, listener);
                writer.commit();
                return new ConversionSummary(config, opened.format(), from, mapped.size(), sizeBytes, warnings);
            }
        }
    }

    private static Optional<byte[]> merges(Path source, ConvertOptions options, int vocabSize) throws IOException {
        if (options.vocab().isPresent()) {
            Path file = options.vocab().get();
            return Optional.of(Vocabulary.encode(Vocabulary.readFile(file), vocabSize, file.toString()));
        }
        Optional<List<String>> beside = Files.isDirectory(source)
                ? Vocabulary.readFolder(source, vocabSize)
                : Optional.empty();
        return beside.isPresent()
                ? Optional.of(Vocabulary.encode(beside.get(), vocabSize, source.toString()))
                : Optional.empty();
    }

    private static List<ModelFileWriter.Entry> entries(Map<TensorSpec, List<StoredTensor>> mapped,
            Optional<DType> dtype, Optional<byte[]> merges) {
        List<ModelFileWriter.Entry> entries = new ArrayList<>();
        mapped.forEach((spec, parts) -> entries
                .add(new ModelFileWriter.Entry(spec.name(), dtype.orElse(dtypeOf(parts)), spec.shape())));
        merges.ifPresent(
                text -> entries.add(new ModelFileWriter.Entry(ModelFile.MERGES, DType.U8, List.of(text.length))));
        return entries;
    }

    /** The type of the parts; F32 where they differ or are wider. */
    private static DType dtypeOf(List<StoredTensor> parts) {
        DType first = parts.get(0).dtype();
        boolean same = parts.stream().allMatch(part -> part.dtype() == first);
        return same && first != DType.F64 ? first : DType.F32;
    }

    private static long write(ModelFileWriter writer, List<ModelFileWriter.Entry> entries,
            Map<TensorSpec, List<StoredTensor>> mapped, Optional<byte[]> merges, Path source,
            ProgressListener listener) throws IOException {
        long total = entries.stream().mapToLong(ModelFileWriter.Entry::sizeBytes).sum();
        long done = 0;
        TensorCopier copier = new TensorCopier(writer, source.toString());
        int index = 0;
        for (List<StoredTensor> parts : mapped.values()) {
            ModelFileWriter.Entry entry = entries.get(index);
            copier.copy(entry.name(), entry.dtype(), parts);
            done += entry.sizeBytes();
            index++;
            listener.progress(done, total);
        }
        if (merges.isPresent()) {
            writer.write(ModelFile.MERGES, 0, ByteBuffer.wrap(merges.get()));
            listener.progress(total, total);
        }
        return done;
    }
}
