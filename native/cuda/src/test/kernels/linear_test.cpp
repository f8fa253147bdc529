// Products with few rows, whole and in parts.
#include "harness.hpp"

#include <algorithm>

namespace test {

namespace {

struct Case {
    int rows;
    int columns;
    int depth;
    int rowTiles;
    int columnTile;
    int activation; // of org.clip4j.kernels.Activation: 0 none, 1 relu
    bool bias;
    bool add;
    Layout layout; // of x
    Layout outLayout;
    int splits;
};

// linear_small.cuh, warp_share, for a block and in bytes.
unsigned shared_bytes(const Case& c, int splits) {
    const int steps = (c.depth / 32 + splits - 1) / splits;
    const int rows = c.rowTiles > 1 ? std::min((steps + 7) / 8, c.rowTiles > 4 ? 2 : 3) * c.rowTiles * 1024 : 0;
    const int stride = c.columnTile == 32 ? 36 : c.columnTile == 16 ? 24 : c.columnTile;
    const int sums = c.rowTiles * 16 * stride * 4;
    return static_cast<unsigned>(8 * std::max(rows, sums));
}

template <class T>
struct Product {
    Matrix<T> x;
    Matrix<T> weight;
    Matrix<float> bias;

    explicit Product(const Case& c)
        : x(c.rows, c.depth, c.layout), weight(c.columns, c.depth), bias(1, c.columns) {
        x.random(-1, 1);
        weight.random(-1, 1);
        bias.random(-1, 1);
    }

    // Sums over a part of the depth, and what their roundings in f32 may make of them.
    void sum(int row, int column, int first, int end, double& sum, double& limit) {
        sum = 0;
        double size = 0;
        for (int k = first; k < end; k++) {
            const double product = x.get(row, k) * weight.get(column, k);
            sum += product;
            size += std::fabs(product);
        }
        limit = 0x1p-24 * (std::sqrt(static_cast<double>(end - first)) + 16) * size;
    }
};

template <class T, class OUT>
void linear(const Case& c) {
    Product<T> p(c);
    Matrix<OUT> out(c.rows, c.columns, c.outLayout);
    out.random(-1, 1);
    const std::string name = std::string("linear_small_") + name_of<T>() + "_" + name_of<OUT>() + "_"
                             + std::to_string(c.rowTiles) + "_" + std::to_string(c.columnTile);
    std::vector<double> before;
    for (int r = 0; r < c.rows; r++) {
        for (int i = 0; i < c.columns; i++) {
            before.push_back(c.add ? out.get(r, i) : 0);
        }
    }
    OUT* to = out.upload();
    const float* bias = p.bias.upload();
    launch(name, {static_cast<unsigned>(c.columns / c.columnTile), 1, 1, 8, shared_bytes(c, 1)},
           static_cast<const T*>(p.x.upload()), p.x.stride(), static_cast<const T*>(p.weight.upload()),
           c.bias ? bias : nullptr, c.rows, c.columns, c.depth, c.activation, c.add ? 1 : 0, to, out.stride());
    out.download(name);
    Comparison comparison(name + " rows=" + std::to_string(c.rows) + " depth=" + std::to_string(c.depth));
    for (int r = 0; r < c.rows; r++) {
        for (int i = 0; i < c.columns; i++) {
            double sum;
            double limit;
            p.sum(r, i, 0, c.depth, sum, limit);
            sum += (c.bias ? p.bias.get(0, i) : 0) + before[r * c.columns + i];
            sum = c.activation == 1 ? std::fmax(sum, 0) : sum;
            comparison.expect(sum, out.get(r, i), limit + rounding<OUT>(sum), r, i);
        }
    }
    comparison.finish();
}

template <class T>
void split(const Case& c) {
    Product<T> p(c);
    Matrix<float> partials(c.splits * c.rows, c.columns);
    const std::string name = std::string("linear_small_split_") + name_of<T>() + "_" + std::to_string(c.rowTiles) + "_"
                             + std::to_string(c.columnTile);
    float* to = partials.upload();
    launch(name,
           {static_cast<unsigned>(c.columns / c.columnTile), static_cast<unsigned>(c.splits), 1, 8,
            shared_bytes(c, c.splits)},
           static_cast<const T*>(p.x.upload()), p.x.stride(), static_cast<const T*>(p.weight.upload()), c.rows,
           c.columns, c.depth, to);
    partials.download(name);
    Comparison comparison(name + " rows=" + std::to_string(c.rows) + " depth=" + std::to_string(c.depth));
    const int steps = c.depth / 32;
    for (int s = 0; s < c.splits; s++) {
        for (int r = 0; r < c.rows; r++) {
            for (int i = 0; i < c.columns; i++) {
                double sum;
                double limit;
                p.sum(r, i, s * steps / c.splits * 32, (s + 1) * steps / c.splits * 32, sum, limit);
                comparison.expect(sum, partials.get(s * c.rows + r, i), limit, s * c.rows + r, i);
            }
        }
    }
    comparison.finish();
}

} // namespace

void test_linear() {
    constexpr int DEPTHS[] = {32, 96, 512, 768, 1312};
    int i = 0;
    for (int rowTiles : {1, 2, 4, 5}) {
        for (int columnTile : {8, 16, 24, 32}) {
            for (int rows : {rowTiles * 16, rowTiles * 16 - 15, rowTiles * 16 - 3}) {
                const Layout layout = i % 3 == 0 ? Layout{0, 0} : Layout{8, 8 * (i % 3)};
                const Case c = {rows,          2 * columnTile,           DEPTHS[i % 5], rowTiles,
                                columnTile,    i / 2 % 2,                i % 3 > 0,     i % 4 > 1,
                                layout,        LAYOUTS[i % 7 % 5],       1 + i % 4};
                linear<Half, Half>(c);
                linear<Half, float>(c);
                linear<Bf16, Bf16>(c);
                linear<Bf16, float>(c);
                split<Half>(c);
                split<Bf16>(c);
                i++;
            }
        }
    }
}

} // namespace test
