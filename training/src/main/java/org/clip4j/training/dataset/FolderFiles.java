package org.clip4j.training.dataset;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** All regular files below a folder, links followed, but for hidden ones. Stateless. */
final class FolderFiles {
    /** What Java puts for bytes of a name that the locale's character set does not have. */
    private static final char LOST = '\uFFFD';

    private FolderFiles() {}

    /**
     * A file.
     *
     * @param stem path within the folder with slashes, up to the last dot of the name
     * @param extension as it is written, without the dot
     */
    record Found(String stem, String extension, long sizeBytes) {
        String path() {
            return stem + "." + extension;
        }

        String kind() {
            return extension.toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Lists files, sorted by stem and extension.
     *
     * @param wanted says by the extension in lower case which ones
     * @param notes takes a line for what was passed over
     */
    static List<Found> list(Path root, Predicate<String> wanted, Consumer<String> notes) throws IOException {
        Visitor visitor = new Visitor(root, wanted);
        Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, visitor);
        visitor.nameless.report(notes);
        visitor.broken.report(notes);
        visitor.loops.report(notes);
        visitor.files.sort(Comparator.comparing(Found::stem).thenComparing(Found::extension));
        return visitor.files;
    }

    private static final class Visitor extends SimpleFileVisitor<Path> {
        private final Path root;
        private final Predicate<String> wanted;
        private final List<Found> files = new ArrayList<>();
        private final Tally nameless = new Tally("files have names that the locale cannot express; set LC_ALL=C.UTF-8");
        private final Tally broken = new Tally("links lead nowhere and are passed over");
        private final Tally loops = new Tally("links lead back to a folder around them and are passed over");

        Visitor(Path root, Predicate<String> wanted) {
            this.root = root;
            this.wanted = wanted;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean passed = !folder.equals(root) && isHidden(folder);
            return passed ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (isHidden(file) || !wanted.test(FileNames.extension(file.getFileName().toString()))) {
                return FileVisitResult.CONTINUE;
            }
            String path = path(file);
            if (attributes.isSymbolicLink()) {
                broken.add(path);
            } else if (path.indexOf(LOST) >= 0) {
                nameless.add(path);
            } else if (attributes.isRegularFile()) {
                String stem = FileNames.stem(path);
                files.add(new Found(stem, path.substring(stem.length() + 1), attributes.size()));
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (!(e instanceof FileSystemLoopException)) {
                throw e;
            }
            loops.add(path(file));
            return FileVisitResult.CONTINUE;
        }

        private static boolean isHidden(Path file) {
            return file.getFileName().toString().startsWith(".");
        }

        private String path(Path file) {
            return root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
        }
    }
}
