package org.clip4j.training.evaluation;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.clip4j.image.Image;
import org.clip4j.training.dataset.Samples;
import org.clip4j.training.drawn.Scene;
import org.clip4j.training.drawn.ScenePainter;

/** Scenes as pictures, painted when they are asked for, at the size that the model takes. */
abstract class DrawnPictures implements Samples {
    private final String set;
    private final List<Scene> scenes;
    private final ScenePainter painter;

    /**
     * Keeps the scenes.
     *
     * @param set its name, for the pictures' names
     * @param side pixels of a row and of a column
     */
    DrawnPictures(String set, List<Scene> scenes, int side) {
        this.set = set;
        this.scenes = List.copyOf(scenes);
        this.painter = new ScenePainter(side);
    }

    final Scene scene(int index) {
        return scenes.get(index);
    }

    @Override
    public final int size() {
        return scenes.size();
    }

    @Override
    public final String name(int index) {
        return set + "/" + index;
    }

    @Override
    public final Image image(int index) {
        byte[] rgb;
        synchronized (painter) {
            rgb = painter.paint(scenes.get(index));
        }
        return Image.rgb(ByteBuffer.wrap(rgb), painter.side(), painter.side(), 3 * painter.side());
    }

    /** Of the scenes, so that it changes with the world. */
    @Override
    public final String identity() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((set + " side=" + painter.side()).getBytes(StandardCharsets.UTF_8));
            for (Scene scene : scenes) {
                digest.update(scene.toString().getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public final void close() {
        // Holds nothing open.
    }
}
