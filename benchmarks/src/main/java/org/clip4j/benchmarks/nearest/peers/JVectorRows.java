package org.clip4j.benchmarks.nearest.peers;

import io.github.jbellis.jvector.graph.GraphIndexBuilder;
import io.github.jbellis.jvector.graph.GraphSearcher;
import io.github.jbellis.jvector.graph.ImmutableGraphIndex;
import io.github.jbellis.jvector.graph.ListRandomAccessVectorValues;
import io.github.jbellis.jvector.graph.NodeQueue;
import io.github.jbellis.jvector.graph.SearchResult;
import io.github.jbellis.jvector.graph.similarity.BuildScoreProvider;
import io.github.jbellis.jvector.graph.similarity.DefaultSearchScoreProvider;
import io.github.jbellis.jvector.util.Bits;
import io.github.jbellis.jvector.util.BoundedLongHeap;
import io.github.jbellis.jvector.vector.VectorSimilarityFunction;
import io.github.jbellis.jvector.vector.VectorizationProvider;
import io.github.jbellis.jvector.vector.types.VectorFloat;
import io.github.jbellis.jvector.vector.types.VectorTypeSupport;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** JVector's graph over vectors on the heap, in full precision. */
final class JVectorRows implements PeerIndex {
    // 32 neighbours on the bottom layer, 16 above it, a beam of 100: Lucene's defaults. 1.2 twice: JVector's README.
    private static final List<Integer> DEGREES = List.of(32, 16);
    private static final int BEAM = 100;
    private static final float OVERFLOW = 1.2f;
    private static final float ALPHA = 1.2f;
    private static final String BUILD = "/META-INF/maven/io.github.jbellis/jvector-base/pom.properties";
    private static final VectorSimilarityFunction SIMILARITY = VectorSimilarityFunction.DOT_PRODUCT;

    private final ListRandomAccessVectorValues vectors;
    private final List<VectorFloat<?>> queries;
    private final ImmutableGraphIndex graph;
    private final double buildSeconds;

    JVectorRows(ClusteredRows rows) {
        VectorTypeSupport types = VectorizationProvider.getInstance().getVectorTypeSupport();
        List<VectorFloat<?>> values = new ArrayList<>(rows.count());
        for (int row = 0; row < rows.count(); row++) {
            values.add(types.createFloatVector(rows.row(row)));
        }
        vectors = new ListRandomAccessVectorValues(values, rows.width());
        queries = new ArrayList<>(rows.queryCount());
        for (int query = 0; query < rows.queryCount(); query++) {
            queries.add(types.createFloatVector(rows.query(query)));
        }
        long start = System.nanoTime();
        graph = GraphIndexBuilder
                .builder(BuildScoreProvider.randomAccessScoreProvider(vectors, SIMILARITY), rows.width(), DEGREES)
                .withBeamWidth(BEAM).withNeighborOverflow(OVERFLOW).withAlpha(ALPHA).build().build(vectors);
        buildSeconds = (System.nanoTime() - start) / 1e9;
    }

    /** Its version, and what it multiplies with here. */
    static String description() throws IOException {
        Properties build = new Properties();
        try (InputStream stream = GraphSearcher.class.getResourceAsStream(BUILD)) {
            if (stream != null) {
                build.load(stream);
            }
        }
        return "JVector " + build.getProperty("version", "of unknown version") + " with "
                + VectorizationProvider.getInstance().getClass().getSimpleName();
    }

    @Override
    public Search graph(int candidates) {
        GraphSearcher searcher = new GraphSearcher(graph);
        return new Way("JVector graph, " + candidates + " candidates", buildSeconds, (query, nearest) -> {
            SearchResult.NodeScore[] found = searcher.search(
                    DefaultSearchScoreProvider.exact(queries.get(query), SIMILARITY, vectors), nearest.length,
                    candidates, 0f, 0f, Bits.ALL).getNodes();
            for (int i = 0; i < found.length; i++) {
                nearest[i] = found[i].node;
            }
            return found.length;
        });
    }

    @Override
    public Search exact() {
        // It needs no index.
        return new Way("JVector, exact", 0, this::scoreAll);
    }

    private int scoreAll(int query, int[] nearest) {
        VectorFloat<?> values = queries.get(query);
        NodeQueue queue = new NodeQueue(new BoundedLongHeap(nearest.length), NodeQueue.Order.MIN_HEAP);
        for (int row = 0; row < vectors.size(); row++) {
            queue.push(row, SIMILARITY.compare(values, vectors.getVector(row)));
        }
        int found = queue.size();
        for (int i = 0; i < found; i++) {
            nearest[i] = queue.pop();
        }
        return found;
    }

    @Override
    public void close() throws IOException {
        graph.close();
    }
}
