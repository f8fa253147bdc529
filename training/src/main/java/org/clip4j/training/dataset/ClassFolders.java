package org.clip4j.training.dataset;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.clip4j.image.Image;

/** A folder of folders, one for each class, with pictures at any depth. */
final class ClassFolders implements LabelledSamples {
    private final Path root;
    private final List<String> classes;
    private final NameList pictures = new NameList();
    private int[] labels;
    private final String identity;

    ClassFolders(Path root, Consumer<String> notes) throws IOException {
        this.root = root;
        classes = folders(root);
        List<FolderFiles.Found> files = FolderFiles.list(root, FileNames::isPicture, notes);
        Tally outside = new Tally("pictures lie in no class folder and are left out");
        labels = new int[files.size()];
        boolean[] used = new boolean[classes.size()];
        Map<String, Integer> numbers = new HashMap<>();
        classes.forEach(name -> numbers.put(name, numbers.size()));
        Identity digest = new Identity();
        for (FolderFiles.Found file : files) {
            String path = file.path();
            int slash = path.indexOf('/');
            Integer label = slash < 0 ? null : numbers.get(path.substring(0, slash));
            if (label == null) {
                outside.add(path);
                continue;
            }
            used[label] = true;
            labels[pictures.size()] = label;
            pictures.add(path);
            digest.add(path, file.sizeBytes());
        }
        outside.report(notes);
        Tally unused = new Tally("class folders have no picture; they stay as possible answers");
        for (int i = 0; i < used.length; i++) {
            digest.add(classes.get(i), 0);
            if (!used[i]) {
                unused.add(classes.get(i));
            }
        }
        unused.report(notes);
        pictures.sealed();
        labels = Arrays.copyOf(labels, pictures.size());
        identity = digest.hex();
        if (pictures.size() == 0) {
            throw new DatasetException("folder has no class folder with a picture: folder=" + root
                    + " expected=CLASS/NAME.jpg; classFolders=" + classes.size() + " picturesOutside="
                    + outside.count());
        }
    }

    private static List<String> folders(Path root) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, Files::isDirectory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (!name.startsWith(".")) {
                    names.add(name);
                }
            }
        }
        names.sort(null);
        return List.copyOf(names);
    }

    @Override
    public int size() {
        return pictures.size();
    }

    @Override
    public String name(int index) {
        return pictures.get(index);
    }

    @Override
    public Image image(int index) {
        return Image.of(root.resolve(pictures.get(index)));
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int label(int index) {
        return labels[index];
    }

    @Override
    public String identity() {
        return identity;
    }

    @Override
    public void close() {
        // Holds nothing open.
    }
}
