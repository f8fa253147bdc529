package org.clip4j.javacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NativeLibrariesTest {
    @TempDir
    Path folder;

    @Test
    void cacheFolderComesFromTheEnvironmentThenTheHome() {
        Path natives = Path.of("clip4j", "natives");
        assertThat(NativeLibraries.cacheFolder(Map.of("CLIP4J_CACHE", "/a", "XDG_CACHE_HOME", "/b"), "/users/u"))
                .isEqualTo(Path.of("/a", "natives"));
        assertThat(NativeLibraries.cacheFolder(Map.of("XDG_CACHE_HOME", "/b"), "/users/u"))
                .isEqualTo(Path.of("/b").resolve(natives));
        assertThat(NativeLibraries.cacheFolder(Map.of("CLIP4J_CACHE", "", "XDG_CACHE_HOME", ""), "/users/u"))
                .isEqualTo(Path.of("/users/u", ".cache").resolve(natives));
        assertThat(NativeLibraries.cacheFolder(Map.of(), "/users/u"))
                .isEqualTo(Path.of("/users/u", ".cache").resolve(natives));
    }

    @Test
    void aFolderThatCannotBeWrittenIsRefusedWithTheRemedy() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        for (Path bad : List.of(file.resolve("natives"), Path.of("/proc/clip4j/natives"))) {
            assertThatThrownBy(() -> NativeLibraries.requireWritable(bad)).isInstanceOf(NativeLibraryException.class)
                    .hasMessageContainingAll("folder=" + bad, "not writable", "set CLIP4J_CACHE")
                    .hasCauseInstanceOf(IOException.class);
        }
        Path good = folder.resolve("a/b/natives");
        NativeLibraries.requireWritable(good);
        assertThat(good).isEmptyDirectory();
    }

    @Test
    void muslWithoutGlibcIsRefused() throws IOException {
        Files.createDirectories(folder.resolve("lib"));
        assertThatCode(() -> NativeLibraries.refuseMusl("Linux", folder)).doesNotThrowAnyException();
        Files.createFile(folder.resolve("lib/ld-musl-x86_64.so.1"));
        assertThatThrownBy(() -> NativeLibraries.refuseMusl("Linux", folder)).isInstanceOf(NativeLibraryException.class)
                .hasMessageContainingAll("musl", "glibc", "--backend java");
        assertThatCode(() -> NativeLibraries.refuseMusl("Mac OS X", folder)).doesNotThrowAnyException();
        Files.createDirectories(folder.resolve("lib64"));
        Files.createFile(folder.resolve("lib64/ld-linux-x86-64.so.2"));
        assertThatCode(() -> NativeLibraries.refuseMusl("Linux", folder)).doesNotThrowAnyException();
        assertThatCode(() -> NativeLibraries.refuseMusl("Linux", folder.resolve("none"))).doesNotThrowAnyException();
    }

    @Test
    void explainsWhatTheLinkerSays() {
        assertThat(NativeLibraries.explain(new UnsatisfiedLinkError(
                "/c/libx.so: /c/libx.so: failed to map segment from shared object: Operation not permitted"), "/c"))
                .contains("folder=/c", "noexec", "CLIP4J_CACHE");
        UnsatisfiedLinkError missing = new UnsatisfiedLinkError("no jniopenblas in java.library.path: /usr/lib\nmore");
        LinkageError wrapped = new NoClassDefFoundError("Could not initialize class X");
        wrapped.initCause(new ExceptionInInitializerError(missing));
        assertThat(NativeLibraries.explain(wrapped, "/c")).contains("platform=" + Loader.getPlatform(), "classifier",
                "no jniopenblas").doesNotContain("more");
        assertThat(NativeLibraries.explain(new UnsatisfiedLinkError("libgomp.so.1: cannot open"), "/c"))
                .isEqualTo("a native library cannot be loaded: libgomp.so.1: cannot open");
        assertThat(NativeLibraries.explain(new UnsatisfiedLinkError(), "/c")).contains("null");
    }

    @Test
    void processesThatStartTogetherDoNotDisturbEachOther() throws IOException, InterruptedException {
        ForkedJvm first = ForkedJvm.start(folder, LoadLibrary.class);
        ForkedJvm second = ForkedJvm.start(folder, LoadLibrary.class);
        ForkedJvm.Result firstResult = first.await();
        ForkedJvm.Result secondResult = second.await();
        assertThat(firstResult.output()).endsWith("loaded\n");
        assertThat(secondResult.output()).endsWith("loaded\n");
        assertThat(folder.resolve("natives")).isNotEmptyDirectory();
    }

    @Test
    void theDirectMemoryLimitDoesNotCountNativeMemory() throws IOException, InterruptedException {
        ForkedJvm.Result result = ForkedJvm.start(folder, LoadLibrary.class, "-XX:MaxDirectMemorySize=1m").await();
        assertThat(result.output()).endsWith("loaded\n");
    }

    @Test
    void aMissingClassifierIsExplained() throws IOException, InterruptedException {
        String classPath = ForkedJvm.classPathWithout("javacpp-", Loader.getPlatform());
        assertThat(classPath).isNotEqualTo(System.getProperty("java.class.path"));
        ForkedJvm.Result result = ForkedJvm.start(List.of(), folder, classPath, LoadLibrary.class).await();
        assertThat(result.output()).contains("refused: ", "platform=" + Loader.getPlatform(), "classifier");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aFolderMountedNoexecIsExplained() throws IOException, InterruptedException {
        Path mount = Files.createDirectory(folder.resolve("noexec"));
        int mounted = new ProcessBuilder("mount", "-t", "tmpfs", "-o", "noexec", "tmpfs", mount.toString())
                .redirectErrorStream(true).start().waitFor();
        if (mounted != 0) {
            System.out.println("skipped: mount -o noexec is not permitted here: exitCode=" + mounted);
        }
        assumeTrue(mounted == 0, "mount -o noexec is not permitted here");
        try {
            ForkedJvm.Result result = ForkedJvm.start(mount, LoadLibrary.class).await();
            assertThat(result.output()).contains("refused: cannot run native libraries", mount.toString(), "noexec",
                    "set CLIP4J_CACHE");
        } finally {
            assertThat(new ProcessBuilder("umount", mount.toString()).start().waitFor()).isZero();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void failedAllocationsSayHowMuchWasAskedFor() throws IOException, InterruptedException {
        List<String> limited = List.of("sh", "-c", "ulimit -v 6000000 && exec \"$@\"", "sh");
        ForkedJvm.Result result = ForkedJvm.start(limited, folder, System.getProperty("java.class.path"),
                LoadLibrary.class, "-Dblocks=40").await();
        assertThat(result.output()).endsWith("out of memory: cannot allocate native memory: sizeBytes=268435456\n");
    }
}
