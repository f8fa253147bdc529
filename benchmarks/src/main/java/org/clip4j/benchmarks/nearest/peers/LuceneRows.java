package org.clip4j.benchmarks.nearest.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LogDocMergePolicy;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.VectorScorer;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.Version;
import org.apache.lucene.util.hnsw.NeighborQueue;

/**
 * Lucene's index of vectors: one segment in mapped files, with its default graph. A document's number is that of its
 * row.
 */
final class LuceneRows implements PeerIndex {
    private static final String FIELD = "embedding";
    /** Of the heap; a segment is written when it is full. */
    private static final int BUFFER_MEGABYTES = 512;

    private final ClusteredRows rows;
    private final Path folder;
    private final FSDirectory directory;
    private final DirectoryReader reader;
    private final double buildSeconds;

    LuceneRows(ClusteredRows rows) throws IOException {
        this.rows = rows;
        folder = Files.createTempDirectory("clip4j-lucene");
        directory = FSDirectory.open(folder);
        long start = System.nanoTime();
        // Merges neighbouring segments only, so that documents stay in order.
        IndexWriterConfig config = new IndexWriterConfig().setRAMBufferSizeMB(BUFFER_MEGABYTES)
                .setMergePolicy(new LogDocMergePolicy());
        try (IndexWriter writer = new IndexWriter(directory, config)) {
            for (int row = 0; row < rows.count(); row++) {
                Document document = new Document();
                document.add(new KnnFloatVectorField(FIELD, rows.row(row), VectorSimilarityFunction.DOT_PRODUCT));
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
        reader = DirectoryReader.open(directory);
        buildSeconds = (System.nanoTime() - start) / 1e9;
    }

    static String description() {
        return "Lucene " + Version.LATEST;
    }

    @Override
    public Search graph(int candidates) {
        IndexSearcher searcher = new IndexSearcher(reader);
        return new Way("Lucene HNSW, " + candidates + " candidates", buildSeconds, (query, nearest) -> {
            ScoreDoc[] found = searcher.search(new KnnFloatVectorQuery(FIELD, rows.query(query), candidates),
                    nearest.length).scoreDocs;
            for (int i = 0; i < found.length; i++) {
                nearest[i] = found[i].doc;
            }
            return found.length;
        });
    }

    @Override
    public Search exact() {
        LeafReader leaf = reader.leaves().get(0).reader();
        // What this needs of the index is not written alone: no time.
        return new Way("Lucene, exact", Double.NaN, (query, nearest) -> scoreAll(leaf, query, nearest));
    }

    private int scoreAll(LeafReader leaf, int query, int[] nearest) throws IOException {
        VectorScorer scorer = leaf.getFloatVectorValues(FIELD).scorer(rows.query(query));
        DocIdSetIterator documents = scorer.iterator();
        NeighborQueue queue = new NeighborQueue(nearest.length, false);
        for (int row = documents.nextDoc(); row != DocIdSetIterator.NO_MORE_DOCS; row = documents.nextDoc()) {
            queue.insertWithOverflow(row, scorer.score());
        }
        int found = queue.size();
        for (int i = 0; i < found; i++) {
            nearest[i] = queue.pop();
        }
        return found;
    }

    /** Removes the files, too. */
    @Override
    public void close() throws IOException {
        reader.close();
        directory.close();
        List<Path> files;
        try (Stream<Path> walk = Files.walk(folder)) {
            files = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }
}
