package org.clip4j.javacpp;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * Loads the native libraries that jars carry. They are unpacked once into a folder of the user's own, under a file lock
 * (JavaCPP's), so that processes that start at the same time do not disturb each other. Thread-safe.
 */
public final class NativeLibraries {
    /** Environment variable that names the folder for unpacked libraries. */
    public static final String CACHE_VARIABLE = "CLIP4J_CACHE";

    private static final String JAVACPP_CACHE_PROPERTY = "org.bytedeco.javacpp.cachedir";

    /**
     * What could not be loaded: the JVM tells the reason the first time only, and from then on that the class could not be
     * initialized.
     */
    private static final Map<Class<?>, NativeLibraryException> FAILED = new HashMap<>();

    private NativeLibraries() {}

    /**
     * Loads what a preset's class stands for, with everything that it depends on.
     *
     * @throws NativeLibraryException with the reason and the remedy in one line; its cause is what was thrown
     */
    public static synchronized void load(Class<?> preset) {
        NativeLibraryException known = FAILED.get(preset);
        if (known != null) {
            throw new NativeLibraryException(known.getMessage(), known);
        }
        refuseMusl(System.getProperty("os.name"), Path.of("/"));
        prepareCache();
        try {
            Loader.load(preset);
            requireJavaCpp();
        } catch (LinkageError e) {
            NativeLibraryException failure = new NativeLibraryException(
                    explain(e, System.getProperty(JAVACPP_CACHE_PROPERTY)), e);
            FAILED.put(preset, failure);
            throw failure;
        }
    }

    /** The folder for what may be lost at any time; not necessarily there yet. */
    public static Path cache() {
        return cacheFolder(System.getenv(), System.getProperty("user.home")).getParent();
    }

    /** The folder that libraries are unpacked to, from the environment of a process. */
    static Path cacheFolder(Map<String, String> environment, String home) {
        String chosen = environment.get(CACHE_VARIABLE);
        if (chosen != null && !chosen.isEmpty()) {
            return Path.of(chosen, "natives");
        }
        String xdg = environment.get("XDG_CACHE_HOME");
        Path base = xdg != null && !xdg.isEmpty() ? Path.of(xdg) : Path.of(home, ".cache");
        return base.resolve("clip4j").resolve("natives");
    }

    private static void prepareCache() {
        if (System.getProperty(JAVACPP_CACHE_PROPERTY) != null) {
            return;
        }
        Path folder = cacheFolder(System.getenv(), System.getProperty("user.home"));
        requireWritable(folder);
        System.setProperty(JAVACPP_CACHE_PROPERTY, folder.toString());
        // JavaCPP's own limits on native memory are for people who let the garbage collector free it.
        setDefault("org.bytedeco.javacpp.maxBytes", "0");
        setDefault("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    static void requireWritable(Path folder) {
        try {
            Files.createDirectories(folder);
            // Files.createTempFile would start the JDK's security providers for a random name, which takes 10 ms.
            Files.delete(Files.createFile(folder.resolve(
                    "probe-" + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime()) + ".tmp")));
        } catch (IOException e) {
            throw new NativeLibraryException("cannot unpack native libraries: folder=" + folder + " is not writable ("
                    + e.getClass().getSimpleName() + "); set " + CACHE_VARIABLE + " to a folder that is", e);
        }
    }

    /** The C library of Alpine and the like cannot load libraries made for glibc; trying would crash the process. */
    static void refuseMusl(String osName, Path root) {
        Path libraryFolder = root.resolve("lib");
        if (!osName.toLowerCase(Locale.ROOT).contains("linux") || !Files.isDirectory(libraryFolder)) {
            return;
        }
        try (Stream<Path> files = Files.list(libraryFolder)) {
            boolean musl = files.anyMatch(f -> String.valueOf(f.getFileName()).startsWith("ld-musl-"));
            if (musl && !Files.exists(root.resolve("lib64/ld-linux-x86-64.so.2"))
                    && !Files.exists(libraryFolder.resolve("ld-linux-aarch64.so.1"))) {
                throw new NativeLibraryException("native libraries need glibc, this system has musl; use an image with"
                        + " glibc (Debian, Ubuntu, Red Hat), or choose --backend java", null);
            }
        } catch (IOException e) {
            throw new NativeLibraryException("cannot list " + libraryFolder + " to tell the C library", e);
        }
    }

    /** A class without a library of its own loads even where JavaCPP's is missing; the first native call would fail. */
    private static void requireJavaCpp() {
        try {
            Pointer.free(Pointer.malloc(1));
        } catch (UnsatisfiedLinkError e) {
            throw new NativeLibraryException(missingJar("javacpp"), e);
        }
    }

    private static String missingJar(String what) {
        return "the native jar for this platform is not on the class path: platform=" + Loader.getPlatform()
                + "; add the dependency with that classifier (" + what + ")";
    }

    static String explain(LinkageError error, String cache) {
        String message = firstMessage(error);
        if (message.contains("failed to map segment") || message.contains("Operation not permitted")) {
            return "cannot run native libraries: folder=" + cache + " is on a file system mounted noexec; set "
                    + CACHE_VARIABLE + " to a folder that is not";
        }
        if (message.contains("no jni") || message.contains("not found in java.library.path")) {
            return missingJar(message);
        }
        return "a native library cannot be loaded: " + message;
    }

    /** JavaCPP wraps the first failure in others; the innermost says what happened. */
    private static String firstMessage(Throwable error) {
        Throwable innermost = error;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        return String.valueOf(innermost.getMessage()).lines().findFirst().orElse("no message");
    }
}
