package org.clip4j.testing;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Named arrays of the reference goldens: an index in JSON and, per element type, one file of little-endian values. The
 * files are resources of this module below {@code goldens/}.
 */
public final class Goldens {
    private static final String ROOT = "/goldens/";

    private final String base;
    private final Map<String, Object> index;

    private Goldens(String base, Map<String, Object> index) {
        this.base = base;
        this.index = index;
    }

    /** The tiny models: arrays such as {@code vit/image.f64}, {@code vit/input}, {@code vit/tokens}. */
    public static Goldens tiny() {
        return new Goldens("tiny/golden", json("tiny/cases.json"));
    }

    /**
     * A published architecture: arrays such as {@code image.f64}, {@code text.f64}, {@code tokens}.
     *
     * @param name as the files spell it: {@code ViT-B-32}, {@code RN50x4}, {@code ViT-L-14-336px}
     */
    public static Goldens full(String name) {
        return new Goldens("full/" + name, json("full/" + name + ".json"));
    }

    /** Everything that the index says, besides the arrays too. */
    public Map<String, Object> index() {
        return index;
    }

    /** True when the index has an array of that name. */
    public boolean has(String name) {
        return arrays().containsKey(name);
    }

    /** Sizes of an array's axes, outermost first. */
    public int[] shape(String name) {
        return ((List<?>) entry(name).get("shape")).stream().mapToInt(size -> (Integer) size).toArray();
    }

    /** An f32 array. */
    public float[] floats(String name) {
        ByteBuffer bytes = values(name, "f32", Float.BYTES);
        float[] values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        return values;
    }

    /** An f64 array. */
    public double[] doubles(String name) {
        ByteBuffer bytes = values(name, "f64", Double.BYTES);
        double[] values = new double[bytes.remaining() / Double.BYTES];
        bytes.asDoubleBuffer().get(values);
        return values;
    }

    /** An i32 array. */
    public int[] ints(String name) {
        ByteBuffer bytes = values(name, "i32", Integer.BYTES);
        int[] values = new int[bytes.remaining() / Integer.BYTES];
        bytes.asIntBuffer().get(values);
        return values;
    }

    private ByteBuffer values(String name, String dtype, int sizeBytes) {
        Map<?, ?> entry = entry(name);
        if (!dtype.equals(entry.get("dtype"))) {
            throw new IllegalArgumentException(
                    "golden has another type: name=" + name + " expected=" + dtype + " actual=" + entry.get("dtype"));
        }
        int count = 1;
        for (int size : shape(name)) {
            count *= size;
        }
        byte[] all = bytes(base + "." + dtype + ".bin");
        return ByteBuffer.wrap(all, (Integer) entry.get("offset") * sizeBytes, count * sizeBytes).slice()
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private Map<?, ?> entry(String name) {
        if (!(arrays().get(name) instanceof Map<?, ?> entry)) {
            throw new IllegalArgumentException("no such golden: name=" + name + " base=" + base);
        }
        return entry;
    }

    private Map<?, ?> arrays() {
        return (Map<?, ?>) index.get("arrays");
    }

    /** A JSON object among the goldens, by its path below {@code goldens/}. */
    public static Map<String, Object> json(String path) {
        try {
            return JSON.std.mapFrom(bytes(path));
        } catch (IOException e) {
            throw new UncheckedIOException("golden is not JSON: path=" + path, e);
        }
    }

    /** The bytes of a file among the goldens. */
    public static byte[] bytes(String path) {
        try (InputStream in = Goldens.class.getResourceAsStream(ROOT + path)) {
            if (in == null) {
                throw new IllegalArgumentException("no such golden: path=" + path);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("golden cannot be read: path=" + path, e);
        }
    }

    /**
     * Copies a file or a folder of the goldens to where code that takes paths can read it.
     *
     * @param path below {@code goldens/}
     * @param folder where the copy goes, under its own name
     * @return the copy
     */
    public static Path copy(String path, Path folder) {
        URL url = Goldens.class.getResource(ROOT + path);
        if (url == null) {
            throw new IllegalArgumentException("no such golden: path=" + path);
        }
        try {
            URI uri = url.toURI();
            if (!uri.getScheme().equals("jar")) {
                return copyTree(Path.of(uri), folder);
            }
            try (FileSystem jar = FileSystems.newFileSystem(Path.of(jarOf(uri)))) {
                return copyTree(jar.getPath(ROOT + path), folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("golden cannot be copied: path=" + path, e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("resource has no URI: path=" + path, e);
        }
    }

    private static URI jarOf(URI entry) {
        String text = entry.getSchemeSpecificPart();
        return URI.create(text.substring(0, text.indexOf("!/")));
    }

    private static Path copyTree(Path from, Path folder) throws IOException {
        Path target = folder.resolve(from.getFileName().toString());
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path copy = target.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
        return target;
    }
}
