package org.clip4j.cli;

import java.util.ArrayList;
import java.util.List;

/** Draws a heat map with pictures down the side, texts along the top and a bar of its colours. Stateless. */
final class HeatMapChart {
    /** Pixels from a cell to the next one, both ways. */
    static final int CELL = 120;
    /** Most cells of a chart: 10 million pixels. */
    static final int MAX_CELLS = 700;

    static final int MARGIN = 20;
    private static final int TEXT = 10;
    private static final int LINE = 16;
    private static final int SMALL_TEXT = 8;
    private static final int NUMBER = 15;
    private static final int MAX_LINES = 9;
    private static final int BAR = 24;
    /** Room for the bar, what separates it from the cells, and its numbers. */
    private static final int BAR_ROOM = 120;
    private static final int WHITE = 0xFFFFFF;
    private static final int BLACK = 0;
    private static final int INK = 0x202020;
    private static final int ABSENT = 0xD8D8D8;

    private HeatMapChart() {}

    /**
     * Refuses a chart that would not fit into memory.
     *
     * @throws InputException that says how large it may be
     */
    static void checkSize(int rows, int columns) {
        if (rows == 0 || columns == 0 || (long) rows * columns > MAX_CELLS) {
            throw new InputException("the picture of a matrix has 1 to " + MAX_CELLS + " cells: images=" + rows
                    + " texts=" + columns + "; give fewer, or leave --png away");
        }
    }

    /**
     * Draws a chart.
     *
     * @param pictures one for each row, null where there is none
     * @param title on one line
     */
    static Drawing draw(HeatMap map, List<Thumbnail> pictures, String title) {
        checkSize(map.rows().size(), map.columns().size());
        List<List<String>> heads = new ArrayList<>();
        int lines = 1;
        for (int j = 0; j < map.columns().size(); j++) {
            List<String> head = Drawing.wrap((j + 1) + " " + Console.oneLine(map.columns().get(j)), TEXT,
                    CELL - TEXT, MAX_LINES);
            heads.add(head);
            lines = Math.max(lines, head.size());
        }
        int top = top(lines);
        int left = left();
        int columns = map.columns().size();
        Drawing drawing = new Drawing(
                Math.max(left + columns * CELL + BAR_ROOM, 2 * MARGIN + Drawing.labelWidth(title, TEXT)),
                top + map.rows().size() * CELL + MARGIN, WHITE);
        drawing.label(title, MARGIN, MARGIN, TEXT, INK);
        for (int j = 0; j < columns; j++) {
            List<String> head = heads.get(j);
            for (int k = 0; k < head.size(); k++) {
                drawing.label(head.get(k), left + j * CELL + TEXT / 2, top - (head.size() - k) * LINE, TEXT, INK);
            }
        }
        for (int i = 0; i < map.rows().size(); i++) {
            side(drawing, pictures.get(i), map.rows().get(i), top + i * CELL);
            for (int j = 0; j < columns; j++) {
                cell(drawing, map, i, j, top);
            }
        }
        bar(drawing, map, left + columns * CELL + BAR, top, map.rows().size() * CELL);
        return drawing;
    }

    /** First pixel row of the cells under texts of so many lines. */
    static int top(int lines) {
        return MARGIN + 2 * LINE + lines * LINE;
    }

    /** First pixel column of the cells. */
    static int left() {
        return MARGIN + CELL;
    }

    private static void side(Drawing drawing, Thumbnail picture, String label, int top) {
        int gap = (CELL - Thumbnail.SIDE) / 2;
        if (picture == null) {
            drawing.fill(MARGIN + gap, top + SMALL_TEXT / 2, Thumbnail.SIDE, Thumbnail.SIDE, ABSENT);
        } else {
            drawing.paste(picture, MARGIN + gap, top + SMALL_TEXT / 2);
        }
        String line = Drawing.wrap(label, SMALL_TEXT, CELL - TEXT, 1).get(0);
        drawing.label(line, MARGIN + (CELL - Drawing.labelWidth(line, SMALL_TEXT)) / 2,
                top + Thumbnail.SIDE + SMALL_TEXT, SMALL_TEXT, INK);
    }

    private static void cell(Drawing drawing, HeatMap map, int row, int column, int top) {
        int x = left() + column * CELL;
        int y = top + row * CELL;
        int colour = map.values()[row][column] == null
                ? ABSENT
                : map.rgb(row, column, map.min(), map.max());
        drawing.fill(x, y, CELL, CELL, colour);
        int ink = Colours.isLight(colour) ? BLACK : WHITE;
        String text = map.text(row, column);
        int textX = x + (CELL - Drawing.labelWidth(text, NUMBER)) / 2;
        int textY = y + (CELL - NUMBER) / 2;
        drawing.label(text, textX, textY, NUMBER, ink);
        if (map.winsRow(row, column)) {
            drawing.fill(textX, textY + NUMBER + 6, Drawing.labelWidth(text, NUMBER), 3, ink);
        }
        if (map.onDiagonal(row, column)) {
            drawing.frame(x, y, CELL, CELL, 5, WHITE);
            drawing.frame(x + 1, y + 1, CELL - 2, CELL - 2, 3, BLACK);
        }
    }

    private static void bar(Drawing drawing, HeatMap map, int left, int top, int height) {
        double min = map.min();
        double max = map.max();
        if (Double.isNaN(min)) {
            return;
        }
        for (int y = 0; y < height; y++) {
            double heat = max > min ? 1 - y / (height - 1.0) : 0.5;
            drawing.fill(left, top + y, BAR, 1, HeatScale.rgb(heat));
        }
        drawing.label(map.number(max), left + BAR + 6, top, TEXT, INK);
        drawing.label(map.number(min), left + BAR + 6, top + height - TEXT, TEXT, INK);
    }
}
