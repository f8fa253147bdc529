package org.clip4j.training.dataset;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.Split;

/** Small data sets for tests, and what was said about them. */
final class SampleFiles {
    static final ClipTokenizer TOKENIZER = tokenizer();

    /** Lines that a data set has said. */
    final List<String> notes = new ArrayList<>();
    private final Path folder;

    SampleFiles(Path folder) {
        this.folder = folder;
    }

    private static ClipTokenizer tokenizer() {
        BpeMerges merges = new DrawnWorld(1, Split.TRAINING).vocabulary(200, 100);
        return ClipTokenizer.of(merges, 12);
    }

    /** A picture of one gray: every sample of it is the number. */
    static byte[] picture(int gray, String format) throws IOException {
        BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 400; i++) {
            image.setRGB(i % 20, i / 20, gray << 16 | gray << 8 | gray);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (!ImageIO.write(image, format, bytes)) {
            throw new IllegalStateException("no writer: format=" + format);
        }
        return bytes.toByteArray();
    }

    SampleFiles file(String name, byte[] contents) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, contents);
        return this;
    }

    SampleFiles picture(String name, int gray) throws IOException {
        return file(name, picture(gray, "png"));
    }

    SampleFiles text(String name, String text) throws IOException {
        return file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Names and contents in turn: text, bytes, or a number for a picture of that gray. */
    Path tar(String name, Object... namesAndContents) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream raw = Files.newOutputStream(file);
                OutputStream packed = name.endsWith("gz") ? new GZIPOutputStream(raw) : raw;
                TarArchiveOutputStream tar = new TarArchiveOutputStream(packed, "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (int i = 0; i < namesAndContents.length; i += 2) {
                byte[] bytes = bytes(namesAndContents[i + 1]);
                TarArchiveEntry entry = new TarArchiveEntry((String) namesAndContents[i], true);
                entry.setSize(bytes.length);
                tar.putArchiveEntry(entry);
                tar.write(bytes);
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    private static byte[] bytes(Object contents) throws IOException {
        if (contents instanceof Integer gray) {
            return picture(gray, "png");
        }
        return contents instanceof byte[] bytes ? bytes : ((String) contents).getBytes(StandardCharsets.UTF_8);
    }

    Path folder() {
        return folder;
    }

    CaptionedSamples captioned(Path... data) throws IOException {
        return Datasets.captioned(List.of(data), notes::add);
    }

    LabelledSamples labelled(Path... data) throws IOException {
        return Datasets.labelled(List.of(data), notes::add);
    }

    DatasetPairs pairs(long seed, int threads, Path... data) throws IOException {
        return Datasets.pairs(List.of(data), new DatasetPairs.Options(TOKENIZER, 8, seed, threads), notes::add);
    }

    static List<String> names(Samples samples) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < samples.size(); i++) {
            names.add(samples.name(i));
        }
        return names;
    }

    static List<String> captions(CaptionedSamples samples) throws IOException {
        List<String> captions = new ArrayList<>();
        for (int i = 0; i < samples.size(); i++) {
            captions.add(samples.caption(i));
        }
        return captions;
    }
}
