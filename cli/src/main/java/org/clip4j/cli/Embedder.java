package org.clip4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Text;
import org.clip4j.image.Image;
import org.clip4j.image.ImageFormatException;
import org.clip4j.text.InvalidTextException;
import org.clip4j.text.TextTooLongException;
import org.clip4j.weights.ModelFileException;

/**
 * Embeds a stream of images, preprocessed images and texts in batches, and hands the results over in the order of the
 * items. An item that cannot be embedded is reported and the others go on. Memory does not grow with the number of
 * items. For one thread; the owner closes it.
 */
final class Embedder implements AutoCloseable {
    private final Console console;
    private final ClipModel model;
    private final ClipSession session;
    private final SessionOptions batch;
    private final EmbeddingForm form;
    private final boolean truncate;
    private final Embedded.Sink sink;
    private final int embedDim;
    private final float[] rows;
    private final List<Item> pending = new ArrayList<>();
    private String whyNotFinite;

    /** An item to embed; either an image or a text. */
    private record Item(String kind, String source, Image image) {}

    Embedder(Console console, ClipModel model, EmbeddingForm form, boolean truncate, Embedded.Sink sink) {
        this(console, model, SessionOptions.defaults(), form, truncate, sink);
    }

    Embedder(Console console, ClipModel model, SessionOptions batch, EmbeddingForm form, boolean truncate,
            Embedded.Sink sink) {
        this.console = console;
        this.model = model;
        this.batch = batch;
        this.session = model.newSession(batch);
        this.form = form;
        this.truncate = truncate;
        this.sink = sink;
        this.embedDim = model.embedDim();
        this.rows = new float[Math.max(batch.maxImages(), batch.maxTexts()) * embedDim];
    }

    /** Most images of one forward pass. */
    int maxImages() {
        return batch.maxImages();
    }

    /** Adds images, and embeds them. */
    void images(Items images) throws IOException {
        images.forEach(console, this::image, this::flush);
        flush();
    }

    /** Adds texts, and embeds them. */
    void texts(Items texts) throws IOException {
        texts.forEach(console, this::text, this::flush);
        flush();
    }

    /** Adds what a line of a file holds. */
    void image(String path, InputException problem) throws IOException {
        if (problem == null) {
            image(path);
        } else {
            fail("image", path, problem.getMessage());
        }
    }

    /** Adds an image file. */
    void image(String file) throws IOException {
        try {
            image(file, Image.of(Path.of(file)));
        } catch (InvalidPathException e) {
            fail("image", file, "not a path: " + e.getReason());
        }
    }

    /** Adds an image. */
    void image(String name, Image image) throws IOException {
        add(new Item("image", name, image), batch.maxImages());
    }

    /** Adds what a line of a file holds. */
    void text(String text, InputException problem) throws IOException {
        if (problem == null) {
            text(text);
        } else {
            fail("text", text, problem.getMessage());
        }
    }

    /** Adds a text. */
    void text(String text) throws IOException {
        add(new Item("text", text, null), batch.maxTexts());
    }

    /** Adds an item that is known to be none. */
    void fail(String kind, String source, String error) throws IOException {
        flush();
        deliver(Embedded.failed(kind, source, error));
    }

    private void add(Item item, int maxItems) throws IOException {
        if (!pending.isEmpty() && !pending.get(0).kind().equals(item.kind())) {
            flush();
        }
        pending.add(item);
        if (pending.size() == maxItems) {
            flush();
        }
    }

    /** Embeds all images of a file. */
    void pixels(PixelFile file, String name) throws IOException {
        flush();
        for (int first = 0; first < file.images(); first += file.imagesPerSlice()) {
            int count = Math.min(file.imagesPerSlice(), file.images() - first);
            session.embedPixels(file.read(first, count), 0, count, form, FloatBuffer.wrap(rows), 0);
            for (int i = 0; i < count; i++) {
                deliver("pixels", name + "#" + (first + i), i);
            }
        }
    }

    /** Embeds what has been added; to be called behind the last item. */
    void flush() throws IOException {
        List<Item> items = List.copyOf(pending);
        pending.clear();
        if (!items.isEmpty()) {
            run(items);
        }
    }

    private void run(List<Item> items) throws IOException {
        try {
            encode(items);
        } catch (ImageFormatException | TextTooLongException | InvalidTextException | UncheckedIOException e) {
            if (items.size() > 1) {
                // One of them is to blame; the others have a right to their result.
                for (Item item : items) {
                    run(List.of(item));
                }
            } else {
                Item item = items.get(0);
                deliver(Embedded.failed(item.kind(), item.source(), ExitCodes.message(e)));
            }
            return;
        }
        for (int i = 0; i < items.size(); i++) {
            deliver(items.get(i).kind(), items.get(i).source(), i);
        }
    }

    private void encode(List<Item> items) {
        FloatBuffer out = FloatBuffer.wrap(rows);
        if (items.get(0).image() != null) {
            session.embedImages(items.stream().map(Item::image).toList(), form, out, 0);
        } else {
            session.embedTexts(items.stream().map(this::text).toList(), form, out, 0);
        }
    }

    private Text text(Item item) {
        return truncate ? Text.truncated(item.source()) : Text.of(item.source());
    }

    private void deliver(String kind, String source, int row) throws IOException {
        float[] embedding = Arrays.copyOfRange(rows, row * embedDim, (row + 1) * embedDim);
        for (int i = 0; i < embedDim; i++) {
            if (!Float.isFinite(embedding[i])) {
                deliver(Embedded.failed(kind, source, "embedding is not finite: index=" + i + " value="
                        + embedding[i] + "; " + whyNotFinite()));
                return;
            }
        }
        deliver(Embedded.of(kind, source, embedding));
    }

    /** Names the weight that is to blame, if one is. Loading does not look, since that would read all weights twice. */
    private String whyNotFinite() throws IOException {
        if (whyNotFinite == null) {
            try {
                model.checkFinite();
                whyNotFinite = "the model's weights or the precision do not hold this input";
            } catch (ModelFileException e) {
                whyNotFinite = e.getMessage() + "; convert a sound checkpoint";
            }
        }
        return whyNotFinite;
    }

    private void deliver(Embedded item) throws IOException {
        if (item.failed()) {
            console.itemFailed(item.source(), item.error());
        }
        sink.accept(item);
    }

    @Override
    public void close() {
        session.close();
    }
}
