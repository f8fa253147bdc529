package org.clip4j.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A matrix of scores: what its cells show, and the same as lines for a terminal. Each row's largest cell is marked by a
 * star; where rows and columns belong together, the diagonal is marked by brackets. Holds its matrix, does not copy it.
 */
final class HeatMap {
    private static final int MAX_LABEL = 24;

    private final List<String> rows;
    private final List<String> columns;
    private final Double[][] values;
    private final int decimals;
    private final boolean paired;

    /**
     * Takes a matrix.
     *
     * @param rows a label for each row
     * @param columns a label for each column
     * @param values [rows][columns], null where there is none
     * @param decimals digits behind the point that are shown
     * @param paired whether row i and column i belong together
     */
    HeatMap(List<String> rows, List<String> columns, Double[][] values, int decimals, boolean paired) {
        int width = columns.size();
        if (values.length != rows.size() || Arrays.stream(values).anyMatch(row -> row.length != width)) {
            throw new IllegalArgumentException("matrix does not fit its labels: expected=[" + rows.size() + ',' + width
                    + "] rows=" + values.length);
        }
        this.rows = List.copyOf(rows);
        this.columns = List.copyOf(columns);
        this.values = values;
        this.decimals = decimals;
        this.paired = paired;
    }

    /** A label for each row. */
    List<String> rows() {
        return rows;
    }

    /** A label for each column. */
    List<String> columns() {
        return columns;
    }

    /** [rows][columns], null where there is none; not to be changed. */
    Double[][] values() {
        return values;
    }

    /** The smallest value; NaN when there is none. */
    double min() {
        return Arrays.stream(values).flatMap(Arrays::stream).filter(value -> value != null)
                .mapToDouble(Double::doubleValue).min().orElse(Double.NaN);
    }

    /** The largest value; NaN when there is none. */
    double max() {
        return Arrays.stream(values).flatMap(Arrays::stream).filter(value -> value != null)
                .mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
    }

    /** Whether a cell belongs to a pair. */
    boolean onDiagonal(int row, int column) {
        return paired && row == column;
    }

    /** Whether no other cell of its row is as large. */
    boolean winsRow(int row, int column) {
        for (int j = 0; j < columns.size(); j++) {
            if (j != column && !isLarger(values[row][column], values[row][j])) {
                return false;
            }
        }
        return values[row][column] != null;
    }

    /** Whether no other cell of its column is as large. */
    boolean winsColumn(int row, int column) {
        for (int i = 0; i < rows.size(); i++) {
            if (i != row && !isLarger(values[row][column], values[i][column])) {
                return false;
            }
        }
        return values[row][column] != null;
    }

    private static boolean isLarger(Double value, Double other) {
        return value != null && (other == null || value > other);
    }

    /** A cell as a number, or a dash. */
    String text(int row, int column) {
        Double value = values[row][column];
        return value == null ? "-" : number(value);
    }

    /** A value as it is shown; what rounds to zero has no sign. */
    String number(double value) {
        String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
        return text.matches("-[0.]+") ? text.substring(1) : text;
    }

    /** The colour of a cell, over the range of this matrix. */
    int rgb(int row, int column, double min, double max) {
        return HeatScale.rgb(max > min ? (values[row][column] - min) / (max - min) : 0.5);
    }

    /** Lines for a terminal: numbered columns, rows with their labels, then the columns' labels by number. */
    List<String> lines(Colours colours) {
        double min = min();
        double max = max();
        List<String> labels = rows.stream().map(row -> Table.cut(row, MAX_LABEL)).toList();
        int labelWidth = labels.stream().mapToInt(Table::width).max().orElse(0);
        // A sign, a digit and the point.
        int numberWidth = decimals + 3;
        List<String> lines = new ArrayList<>();
        StringBuilder head = new StringBuilder(" ".repeat(labelWidth + 1));
        for (int j = 0; j < columns.size(); j++) {
            head.append(pad(Integer.toString(j + 1), numberWidth + 1)).append("  ");
        }
        lines.add(head.toString().stripTrailing());
        for (int i = 0; i < rows.size(); i++) {
            StringBuilder line = new StringBuilder(labels.get(i))
                    .append(" ".repeat(labelWidth + 1 - Table.width(labels.get(i))));
            for (int j = 0; j < columns.size(); j++) {
                boolean best = winsRow(i, j);
                String cell = (onDiagonal(i, j) ? "[" : " ") + pad(text(i, j), numberWidth)
                        + (onDiagonal(i, j) ? "]" : " ") + (best ? "*" : " ");
                boolean tinted = colours != Colours.NONE && values[i][j] != null;
                line.append(tinted ? colours.textOn(rgb(i, j, min, max), best) + cell + Colours.RESET : cell);
            }
            lines.add(colours == Colours.NONE ? line.toString().stripTrailing() : line.toString());
        }
        for (int j = 0; j < columns.size(); j++) {
            lines.add(pad(Integer.toString(j + 1), labelWidth) + "  " + Console.brief(columns.get(j)));
        }
        return lines;
    }

    private static String pad(String text, int width) {
        return " ".repeat(Math.max(0, width - text.length())) + text;
    }
}
