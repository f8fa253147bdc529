// Attention of both kinds over ragged segments.
#include "harness.hpp"

namespace test {

namespace {

struct Case {
    std::vector<int> queries; // of each segment
    std::vector<int> keys;
    int heads;
    int width;
    bool causal;
    bool keyRows;  // segments share rows, with others between
    Layout layout; // of queries, keys and values
    Layout outLayout;
    double size;   // of the elements
    unsigned tiles;
    unsigned warps;
};

// The operands of a case on the device.
template <class T>
struct Operands {
    Matrix<int> queryOffsets;
    Matrix<int> keyOffsets;
    Matrix<int> keyRows;
    Matrix<T> q;
    Matrix<T> k;
    Matrix<T> v;
    Matrix<T> out;

    static int sum(const std::vector<int>& counts) {
        int sum = 0;
        for (int count : counts) {
            sum += count;
        }
        return sum;
    }

    explicit Operands(const Case& c)
        : queryOffsets(1, static_cast<int>(c.queries.size()) + 1), keyOffsets(1, static_cast<int>(c.keys.size()) + 1),
          keyRows(1, sum(c.keys)), q(sum(c.queries) + 3, c.heads * c.width, c.layout),
          k(2 * sum(c.keys) + 5, c.heads * c.width, c.layout), v(2 * sum(c.keys) + 5, c.heads * c.width, c.layout),
          out(sum(c.queries) + 3, c.heads * c.width, c.outLayout) {
        queryOffsets.at(0, 0) = 1; // row 0 belongs to no segment
        keyOffsets.at(0, 0) = c.keyRows ? 0 : 2;
        for (size_t s = 0; s < c.queries.size(); s++) {
            queryOffsets.at(0, s + 1) = queryOffsets.at(0, s) + c.queries[s];
            keyOffsets.at(0, s + 1) = keyOffsets.at(0, s) + c.keys[s];
            for (int i = 0; c.keyRows && i < c.keys[s]; i++) {
                // Every second row and then every one, from a start that segments have in common.
                keyRows.at(0, keyOffsets.at(0, s) + i) = static_cast<int>(s % 3) + (i < 20 ? 2 * i : 20 + i);
            }
        }
        // Rows of no segment stay NaN: no kernel may read them.
        for (int r = queryOffsets.at(0, 0); r < queryOffsets.at(0, c.queries.size()); r++) {
            fill(q, r, c.size);
        }
        for (size_t s = 0; s < c.keys.size(); s++) {
            for (int i = keyOffsets.at(0, s); i < keyOffsets.at(0, s + 1); i++) {
                fill(k, c.keyRows ? keyRows.at(0, i) : i, c.size);
                fill(v, c.keyRows ? keyRows.at(0, i) : i, 1);
            }
        }
    }

    // Row of key i of a segment.
    int key_row(const Case& c, int segment, int i) {
        const int key = keyOffsets.at(0, segment) + i;
        return c.keyRows ? keyRows.at(0, key) : key;
    }

    static void fill(Matrix<T>& x, int row, double size) {
        for (int c = 0; c < x.columns(); c++) {
            x.set(row, c, uniform(-size, size));
        }
    }
};

// Expected row of a head and the limit of its error. weightRoundoff is that of the softmax's weights.
template <class T>
void expect_query(const Case& c, Operands<T>& o, int segment, int j, int head, double weightRoundoff,
                  Comparison& comparison) {
    const int query = o.queryOffsets.at(0, segment) + j;
    const int end = c.causal ? c.keys[segment] - c.queries[segment] + j + 1 : c.keys[segment];
    const double scale = static_cast<float>(1 / std::sqrt(static_cast<double>(c.width)));
    std::vector<double> scores;
    double largest = -INFINITY;
    double scoreError = 0;
    for (int i = 0; i < end; i++) {
        const int row = o.key_row(c, segment, i);
        double sum = 0;
        double size = 0;
        for (int d = 0; d < c.width; d++) {
            double product = o.q.get(query, head * c.width + d) * o.k.get(row, head * c.width + d);
            sum += product;
            size += std::fabs(product);
        }
        scores.push_back(sum * scale);
        scoreError = std::fmax(scoreError, 0x1p-24 * (c.width + 8) * size * scale);
        largest = std::fmax(largest, scores.back());
    }
    double total = 0;
    for (double& score : scores) {
        score = std::exp(score - largest);
        total += score;
    }
    for (int d = 0; d < c.width; d++) {
        double sum = 0;
        double size = 0;
        for (int i = 0; i < end; i++) {
            const int row = o.key_row(c, segment, i);
            double product = scores[i] / total * o.v.get(row, head * c.width + d);
            sum += product;
            size += std::fabs(product);
        }
        // Absolute errors of scores are relative ones of weights, once above and once in the total.
        const double relative = 2 * scoreError + weightRoundoff + 0x1p-24 * (end + 16);
        comparison.expect(sum, o.out.get(query, head * c.width + d), relative * size + rounding<T>(sum) + 1e-37, query,
                          head * c.width + d);
    }
}

template <class T>
void attention(const std::string& name, const Case& c, double weightRoundoff) {
    Operands<T> o(c);
    o.out.upload();
    const int* keyRows = c.keyRows ? o.keyRows.upload() : nullptr;
    launch(name,
           {static_cast<unsigned>(c.heads), static_cast<unsigned>(c.queries.size()), c.tiles, c.warps},
           static_cast<const T*>(o.q.upload()), o.q.stride(), static_cast<const T*>(o.k.upload()), o.k.stride(),
           static_cast<const T*>(o.v.upload()), o.v.stride(), static_cast<const int*>(o.queryOffsets.upload()),
           static_cast<const int*>(o.keyOffsets.upload()), keyRows, c.width, c.causal ? 1 : 0,
           static_cast<float>(1 / std::sqrt(static_cast<double>(c.width))), o.out.pointer(), o.out.stride());
    o.out.download(name);
    Comparison comparison(name + " width=" + std::to_string(c.width) + " causal=" + std::to_string(c.causal)
                          + " keyRows=" + std::to_string(c.keyRows) + " first=" + std::to_string(c.queries[0]) + "/"
                          + std::to_string(c.keys[0]));
    for (int column = 0; column < c.heads * c.width; column++) { // rows of no segment are untouched
        comparison.expect(NAN, o.out.get(0, column), 0, 0, column);
        comparison.expect(NAN, o.out.get(o.out.rows() - 1, column), 0, o.out.rows() - 1, column);
    }
    for (size_t s = 0; s < c.queries.size(); s++) {
        for (int j = 0; j < c.queries[s]; j++) {
            for (int h = 0; h < c.heads; h++) {
                expect_query(c, o, static_cast<int>(s), j, h, weightRoundoff, comparison);
            }
        }
    }
    comparison.finish();
}

struct Segments {
    std::vector<int> queries;
    std::vector<int> keys;
};

const Segments SEGMENTS[] = {
    {{50}, {50}},
    {{1, 1, 1}, {1, 50, 257}},               // pooled
    {{7, 0, 17, 0, 1}, {7, 0, 17, 5, 2}},    // empty ones between
    {{16, 33, 5}, {16, 64, 65}},             // fewer queries than keys
    {{77, 12, 64, 65}, {77, 12, 64, 65}},    // texts
    {{130, 63}, {130, 200}},
};

} // namespace

void test_attention() {
    for (const Segments& segments : SEGMENTS) {
        for (int variant = 0; variant < 4; variant++) {
            const bool causal = variant % 2 == 1;
            const bool keyRows = variant / 2 == 1;
            for (unsigned tiles : {1u, 2u, 5u}) {
                const Layout layout = tiles == 1 ? Layout{0, 0} : tiles == 2 ? Layout{8, 128} : Layout{8, 8};
                const double size = tiles == 5 ? 6 : 1;
                const Layout outLayout = LAYOUTS[(variant + tiles) % 5];
                Case c = {segments.queries, segments.keys, 2, 64, causal, keyRows, layout, outLayout, size, tiles, 4};
                attention<Half>("attention_mma_f16_64", c, 2 * roundoff<Half>);
                attention<Bf16>("attention_mma_bf16_64", c, 2 * roundoff<Bf16>);
                c.warps = tiles == 5 ? 8 : tiles;
                attention<float>("attention_f32", c, 0);
                attention<Half>("attention_f16", c, 0);
                c.layout = {1, 3};
                attention<Bf16>("attention_bf16", c, 0);
                attention<float>("attention_f32", c, 0);
            }
        }
    }
    for (int width : {1, 5, 32, 63, 65, 80, 88, 104, 128, 130}) {
        for (int variant = 0; variant < 4; variant++) {
            const Layout layout = LAYOUTS[(width + variant) % 5];
            const Case c = {{9, 0, 1, 40}, {9, 3, 70, 68}, 3, width, variant % 2 == 1, variant / 2 == 1,
                            layout, LAYOUTS[variant], 1, 1u + variant % 2, 1u + (width + variant) % 8};
            attention<float>("attention_f32", c, 0);
            attention<Half>("attention_f16", c, 0);
            attention<Bf16>("attention_bf16", c, 0);
        }
    }
}

} // namespace test
