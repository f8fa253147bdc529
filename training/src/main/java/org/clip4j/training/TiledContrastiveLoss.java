package org.clip4j.training;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.LaneTask;
import org.clip4j.kernels.cpu.RowMath;

/**
 * The loss in f32, with logits computed in tiles that are forgotten, twice: first for the softmax sums of all rows and
 * columns, which are kept as a maximum and a sum each, then for the gradient. Memory beyond the embeddings and their
 * gradients is 24 bytes per pair and a few tiles.
 *
 * <p>Rows are taken in blocks, one after the other; within a block each lane has its own columns. Sums of columns and
 * gradients of texts then belong to one lane, and only a block of image gradients has to be added over lanes, in their
 * order: results are deterministic for a number of threads.
 */
public final class TiledContrastiveLoss implements ContrastiveLoss {
    /** A tile of 256 x 256 logits fits half of a small level-2 cache. */
    private static final int ROW_BLOCK = 256;
    private static final int TILE_COLUMNS = 256;
    /** Columns are dealt out in whole cache lines, so that two lanes never write to the same one. */
    private static final int COLUMN_GROUP = 16;

    private final CpuBackend backend;
    private final ExecutionContext context;
    private final Lane[] lanes;
    private Tensor images;
    private Tensor texts;
    private Gradients into;
    private int count;
    private float scale;
    private int firstRow;
    private int endRow;
    private float[] rowMax = new float[0];
    private double[] rowSum;
    private float[] columnMax;
    private double[] columnSum;
    private float[] diagonal;

    /** What one lane has of a block of rows. */
    private static final class Lane {
        private final float[] rowMax = new float[ROW_BLOCK];
        private final double[] rowSum = new double[ROW_BLOCK];
        private final float[] tileMax = new float[TILE_COLUMNS];
        private final float[] inverse = new float[TILE_COLUMNS];
        private Arena arena;
        private Tensor dImages; // [ROW_BLOCK,E]
        private double dScale;
        private int from;
        private int to;
    }

    /** Opens a context of the backend, which must stay open until {@link #close}; embeddings are from its arenas. */
    public TiledContrastiveLoss(CpuBackend backend) {
        this.backend = backend;
        this.context = backend.newContext();
        this.lanes = new Lane[backend.threads()];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane();
        }
    }

    @Override
    public Result run(Tensor newImages, Tensor newTexts, int newCount, double newScale, Gradients newInto) {
        ContrastiveLoss.check(newImages, newTexts, newCount, newScale, newInto);
        images = newImages;
        texts = newTexts;
        count = newCount;
        scale = (float) newScale;
        into = newInto;
        prepare();
        for (firstRow = 0; firstRow < count; firstRow = endRow) {
            endRow = Math.min(count, firstRow + ROW_BLOCK);
            backend.run(context, this::sumLane);
            mergeRows();
        }
        double loss = 0;
        int rightTexts = 0;
        int rightImages = 0;
        for (int i = 0; i < count; i++) {
            double byRow = rowMax[i] + Math.log(rowSum[i]);
            double byColumn = columnMax[i] + Math.log(columnSum[i]);
            loss += byRow + byColumn - 2.0 * diagonal[i];
            rightTexts += diagonal[i] >= rowMax[i] ? 1 : 0;
            rightImages += diagonal[i] >= columnMax[i] ? 1 : 0;
        }
        for (firstRow = 0; firstRow < count; firstRow = endRow) {
            endRow = Math.min(count, firstRow + ROW_BLOCK);
            backend.run(context, this::differentiateLane);
            backend.run(context, this::addImageGradients);
        }
        double dScale = 0;
        for (Lane lane : lanes) {
            dScale += lane.dScale;
        }
        return new Result(loss / (2.0 * count), dScale, rightTexts, rightImages);
    }

    private void prepare() {
        if (rowMax.length < count) {
            rowMax = new float[count];
            rowSum = new double[count];
            columnMax = new float[count];
            columnSum = new double[count];
            diagonal = new float[count];
        }
        Arrays.fill(columnMax, 0, count, Float.NEGATIVE_INFINITY);
        Arrays.fill(columnSum, 0, count, 0);
        int E = images.columns();
        for (int i = 0; i < lanes.length; i++) {
            Lane lane = lanes[i];
            lane.dScale = 0;
            lane.from = LaneTask.share(count, COLUMN_GROUP, i, lanes.length);
            lane.to = LaneTask.share(count, COLUMN_GROUP, i + 1, lanes.length);
            if (lane.dImages == null || lane.dImages.columns() != E) {
                free(lane);
                lane.arena = backend.newArena();
                lane.dImages = lane.arena.allocate(DType.F32, ROW_BLOCK, E);
            }
        }
    }

    /** Logits of the block of rows and some columns, rows one after the other. */
    private Tensor logits(CpuLane lane, int column, int columns) {
        int E = images.columns();
        Tensor tile = lane.scratch(ROW_BLOCK * TILE_COLUMNS);
        lane.product().a(images, firstRow * E, E).bTransposed(texts, column * E, E)
                .c(tile, 0, columns, false).size(endRow - firstRow, columns, E, scale);
        lane.multiply(); // [rows,columns] = scale * [rows,E] * [columns,E]'
        return tile;
    }

    private void sumLane(CpuLane lane, int index, int laneCount) {
        Lane own = lanes[index];
        Arrays.fill(own.rowMax, Float.NEGATIVE_INFINITY);
        Arrays.fill(own.rowSum, 0);
        for (int column = own.from; column < own.to; column += TILE_COLUMNS) {
            int columns = Math.min(TILE_COLUMNS, own.to - column);
            FloatBuffer tile = logits(lane, column, columns).floats();
            Arrays.fill(own.tileMax, Float.NEGATIVE_INFINITY);
            for (int row = 0; row < endRow - firstRow; row++) {
                sumRow(lane.rows(), tile, own, row, column, columns);
            }
            for (int i = 0; i < columns; i++) {
                float max = Math.max(columnMax[column + i], own.tileMax[i]);
                columnSum[column + i] *= Math.exp((double) columnMax[column + i] - max);
                columnMax[column + i] = max;
                own.tileMax[i] = max;
            }
            for (int row = 0; row < endRow - firstRow; row++) {
                float[] values = lane.rows().row();
                tile.get(row * columns, values, 0, columns);
                subtract(values, own.tileMax, columns);
                lane.rows().expShifted(0f, columns);
                add(values, column, columns);
            }
        }
    }

    private void sumRow(RowMath math, FloatBuffer tile, Lane own, int row, int column, int columns) {
        float[] values = math.row();
        tile.get(row * columns, values, 0, columns);
        int onDiagonal = firstRow + row - column;
        if (onDiagonal >= 0 && onDiagonal < columns) {
            diagonal[firstRow + row] = values[onDiagonal];
        }
        for (int i = 0; i < columns; i++) {
            own.tileMax[i] = Math.max(own.tileMax[i], values[i]);
        }
        float max = Math.max(own.rowMax[row], RowMath.max(values, columns));
        own.rowSum[row] = own.rowSum[row] * Math.exp((double) own.rowMax[row] - max) + math.expShifted(max, columns);
        own.rowMax[row] = max;
    }

    private static void subtract(float[] values, float[] shifts, int length) {
        for (int i = 0; i < length; i++) {
            values[i] -= shifts[i];
        }
    }

    private void add(float[] values, int column, int length) {
        for (int i = 0; i < length; i++) {
            columnSum[column + i] += values[i];
        }
    }

    /** Puts the lanes' sums of the block of rows together. */
    private void mergeRows() {
        for (int row = firstRow; row < endRow; row++) {
            float max = Float.NEGATIVE_INFINITY;
            for (Lane lane : lanes) {
                max = Math.max(max, lane.rowMax[row - firstRow]);
            }
            double sum = 0;
            for (Lane lane : lanes) {
                sum += lane.rowSum[row - firstRow] * Math.exp((double) lane.rowMax[row - firstRow] - max);
            }
            rowMax[row] = max;
            rowSum[row] = sum;
        }
    }

    private void differentiateLane(CpuLane lane, int index, int laneCount) {
        Lane own = lanes[index];
        int E = images.columns();
        int rows = endRow - firstRow;
        for (int column = own.from; column < own.to; column += TILE_COLUMNS) {
            int columns = Math.min(TILE_COLUMNS, own.to - column);
            Tensor tile = logits(lane, column, columns);
            for (int i = 0; i < columns; i++) {
                own.inverse[i] = (float) (1 / (2.0 * count * columnSum[column + i]));
                own.tileMax[i] = columnMax[column + i];
            }
            for (int row = 0; row < rows; row++) {
                differentiateRow(lane.rows(), tile.floats(), own, row, column, columns);
            }
            lane.product().a(tile, 0, columns).b(texts, column * E, E)
                    .c(own.dImages, 0, E, column > own.from).size(rows, E, columns, scale);
            lane.multiply(); // [rows,E] = scale * [rows,columns] * [columns,E]
            lane.product().aTransposed(tile, 0, columns).b(images, firstRow * E, E)
                    .c(into.dTexts(), column * E, E, firstRow > 0).size(columns, E, rows, scale);
            lane.multiply(); // [columns,E] = scale * [rows,columns]' * [rows,E]
        }
    }

    /** Replaces a row of logits with their gradient: (p by row + p by column - 2 on the diagonal) / 2N. */
    private void differentiateRow(RowMath math, FloatBuffer tile, Lane own, int row, int column, int columns) {
        float[] values = math.row();
        float[] gradient = math.other();
        tile.get(row * columns, values, 0, columns);
        math.expShifted(rowMax[firstRow + row], columns);
        float byRow = (float) (1 / (2.0 * count * rowSum[firstRow + row]));
        for (int i = 0; i < columns; i++) {
            gradient[i] = values[i] * byRow;
        }
        tile.get(row * columns, values, 0, columns);
        subtract(values, own.tileMax, columns);
        math.expShifted(0f, columns);
        for (int i = 0; i < columns; i++) {
            gradient[i] += values[i] * own.inverse[i];
        }
        int onDiagonal = firstRow + row - column;
        if (onDiagonal >= 0 && onDiagonal < columns) {
            gradient[onDiagonal] -= 1f / count;
        }
        tile.get(row * columns, values, 0, columns);
        double sum = 0;
        for (int i = 0; i < columns; i++) {
            sum += (double) gradient[i] * values[i];
        }
        own.dScale += sum / scale;
        tile.put(row * columns, gradient, 0, columns);
    }

    private void addImageGradients(CpuLane lane, int index, int laneCount) {
        int E = images.columns();
        int from = LaneTask.share((endRow - firstRow) * E, COLUMN_GROUP, index, laneCount);
        int to = LaneTask.share((endRow - firstRow) * E, COLUMN_GROUP, index + 1, laneCount);
        float[] sum = lane.rows().row();
        float[] added = lane.rows().other();
        for (int at = from; at < to; at += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, to - at);
            Arrays.fill(sum, 0, length, 0f);
            for (Lane own : lanes) {
                if (own.from < own.to) {
                    own.dImages.floats().get(at, added, 0, length);
                    for (int i = 0; i < length; i++) {
                        sum[i] += added[i];
                    }
                }
            }
            into.dImages().floats().put(firstRow * E + at, sum, 0, length);
        }
    }

    private static void free(Lane lane) {
        lane.dImages = null;
        if (lane.arena != null) {
            lane.arena.close();
            lane.arena = null;
        }
    }

    /** Frees scratch memory. */
    @Override
    public void close() {
        for (Lane lane : lanes) {
            free(lane);
        }
        context.close();
    }
}
