package org.clip4j.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * Columns for people, as wide as their cells ask for. Cells can be tinted between cold and hot when the output may be
 * coloured. For one thread.
 */
final class Table {
    private static final String GAP = "  ";
    private static final String RESET = "\u001b[0m";
    /** Of the 256-colour palette, dark blue to red. */
    private static final int[] HEAT = {17, 18, 54, 90, 126, 160};

    private final Align[] aligns;
    private final List<Cell[]> rows = new ArrayList<>();

    /** On which side of a column its cells stand. */
    enum Align {
        LEFT, RIGHT
    }

    /**
     * A cell.
     *
     * @param text on one line
     * @param heat 0 to 1, or negative for none
     */
    record Cell(String text, double heat) {
        static Cell of(String text) {
            return new Cell(text, -1);
        }
    }

    /** A table without a head; the last column may be missing in any row. */
    Table(Align... aligns) {
        this.aligns = aligns.clone();
    }

    /** Adds a row of texts. */
    void row(String... texts) {
        Cell[] cells = new Cell[texts.length];
        for (int i = 0; i < texts.length; i++) {
            cells[i] = Cell.of(texts[i]);
        }
        row(cells);
    }

    /** Adds a row. */
    void row(Cell... cells) {
        rows.add(cells);
    }

    /** Prints all rows. */
    void print(Console console) {
        int[] widths = new int[aligns.length];
        for (Cell[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], width(row[i].text()));
            }
        }
        for (Cell[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                line.append(i == 0 ? "" : GAP);
                append(line, row[i], widths[i], aligns[i], i == row.length - 1, console.colored());
            }
            console.print(line.toString());
        }
    }

    private static void append(StringBuilder line, Cell cell, int width, Align align, boolean last, boolean colored) {
        String padding = " ".repeat(width - width(cell.text()));
        boolean tinted = colored && cell.heat() >= 0;
        if (tinted) {
            int step = (int) Math.min(HEAT.length - 1, cell.heat() * HEAT.length);
            line.append("\u001b[97;48;5;").append(HEAT[step]).append('m');
        }
        line.append(align == Align.RIGHT ? padding + cell.text() : cell.text() + (last ? "" : padding));
        if (tinted) {
            line.append(RESET);
        }
    }

    /** A text of at most so many characters. */
    static String cut(String text, int maxCharacters) {
        String line = Console.brief(text);
        int count = line.codePointCount(0, line.length());
        return count <= maxCharacters ? line : line.substring(0, line.offsetByCodePoints(0, maxCharacters - 3)) + "...";
    }

    /** Columns that a terminal needs; East Asian wide characters and emoji take two. */
    static int width(String text) {
        return text.codePoints().map(Table::width).sum();
    }

    private static int width(int point) {
        int type = Character.getType(point);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK || type == Character.FORMAT) {
            return 0;
        }
        // Unicode TR11: Hangul, CJK, full-width forms, emoji.
        boolean wide = isIn(point, 0x1100, 0x115F) || isIn(point, 0x2E80, 0xA4CF) || isIn(point, 0xAC00, 0xD7A3)
                || isIn(point, 0xF900, 0xFAFF) || isIn(point, 0xFE30, 0xFE6F) || isIn(point, 0xFF00, 0xFF60)
                || isIn(point, 0x1F300, 0x1FAFF) || isIn(point, 0x20000, 0x3FFFD);
        return wide ? 2 : 1;
    }

    private static boolean isIn(int point, int first, int last) {
        return point >= first && point <= last;
    }
}
