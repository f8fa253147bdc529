package org.clip4j.training.dataset;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.clip4j.image.Image;

/** A folder of pictures with captions in files of the same name and the extension {@code .txt}, at any depth. */
final class FolderPairs implements CaptionedSamples {
    private final Path root;
    private final NameList pictures = new NameList();
    private final NameList captions = new NameList();
    private final String identity;

    FolderPairs(Path root, Consumer<String> notes) throws IOException {
        this.root = root;
        Tally alone = new Tally("pictures have no caption and are left out");
        Tally orphans = new Tally("captions have no picture and are left out");
        Tally empty = new Tally("captions are empty files and are left out with their pictures");
        Identity digest = new Identity();
        List<FolderFiles.Found> files = FolderFiles.list(root,
                kind -> FileNames.isPicture(kind) || kind.equals(FileNames.TEXT), notes);
        for (int from = 0, to; from < files.size(); from = to) {
            to = from + 1;
            while (to < files.size() && files.get(to).stem().equals(files.get(from).stem())) {
                to++;
            }
            List<FolderFiles.Found> same = files.subList(from, to);
            FolderFiles.Found caption = same.stream().filter(file -> file.kind().equals(FileNames.TEXT)).findFirst()
                    .orElse(null);
            boolean used = false;
            for (FolderFiles.Found file : same) {
                if (!FileNames.isPicture(file.kind())) {
                    continue;
                }
                used = true;
                if (caption == null) {
                    alone.add(file.path());
                } else if (caption.sizeBytes() == 0) {
                    empty.add(caption.path());
                } else {
                    pictures.add(file.path());
                    captions.add(caption.path());
                    digest.add(file.path(), file.sizeBytes()).add(caption.path(), caption.sizeBytes());
                }
            }
            if (!used) {
                orphans.add(caption.path());
            }
        }
        alone.report(notes);
        orphans.report(notes);
        empty.report(notes);
        pictures.sealed();
        captions.sealed();
        identity = digest.hex();
        if (pictures.size() == 0) {
            throw new DatasetException("folder has no picture with a caption: folder=" + root + " expected=NAME.jpg"
                    + " with NAME.txt; pictures=" + (alone.count() + empty.count()) + " captions="
                    + (orphans.count() + empty.count()));
        }
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
    public String caption(int index) throws IOException {
        String name = captions.get(index);
        try (InputStream in = Files.newInputStream(root.resolve(name))) {
            byte[] bytes = in.readNBytes(Captions.MAX_BYTES + 1);
            if (bytes.length > Captions.MAX_BYTES) {
                throw new UnusableSampleException("caption is too long to be one: sample=" + FileNames.shown(name)
                        + " maxBytes=" + Captions.MAX_BYTES);
            }
            return Captions.ofText(bytes, FileNames.shown(name));
        }
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
