// Layer norms, L2 norms, embeddings and gathers.
#include "harness.hpp"

#include <algorithm>

namespace test {

namespace {

constexpr int WIDTHS[] = {1, 2, 4, 31, 32, 33, 64, 100, 127, 512, 513, 768, 1024, 1280, 1284, 1664, 4100};
constexpr float EPSILON = 1e-5f;

// Layer norm of a row in double precision: expected values, and limits from the roundings of f32 on the way.
struct Norm {
    std::vector<double> expected;
    std::vector<double> limit;

    Norm(const std::vector<double>& x, Matrix<float>& gain, Matrix<float>& bias) {
        const size_t width = x.size();
        double sum = 0;
        double largest = 0;
        for (double v : x) {
            sum += v;
            largest = std::fmax(largest, std::fabs(v));
        }
        const double mean = sum / width;
        double squares = 0;
        for (double v : x) {
            squares += (v - mean) * (v - mean);
        }
        const double scale = 1 / std::sqrt(squares / width + EPSILON);
        // A lane adds width / 32 values, then come five steps of a tree.
        const double u = 0x1p-24;
        const double steps = width / 32.0 + 6;
        for (size_t i = 0; i < width; i++) {
            const double normal = (x[i] - mean) * scale;
            expected.push_back(normal * gain.get(0, i) + bias.get(0, i));
            // Of the mean: steps * u * largest; of the scale: half the relative error of the squares.
            const double ofMean = 2 * steps * largest * scale * (1 + std::fabs(normal));
            const double ofScale = (steps + 6) * std::fabs(normal);
            limit.push_back(std::fabs(gain.get(0, i)) * u * (ofMean + ofScale)
                            + 2 * u * (std::fabs(bias.get(0, i)) + std::fabs(expected.back())));
        }
    }
};

template <class T, class U>
void layer_norm(int rows, int width, Layout xLayout, Layout outLayout, int warps, double offset) {
    const std::string name = std::string("layer_norm_") + name_of<T>() + "_" + name_of<U>();
    Matrix<T> x(rows, width, xLayout);
    Matrix<U> out(rows, width, outLayout);
    Matrix<float> gain(1, width, {xLayout.offset % 2, 0});
    Matrix<float> bias(1, width);
    x.random(offset - 2, offset + 2);
    gain.random(-2, 2);
    bias.random(-1, 1);
    out.upload();
    // At most four blocks: more rows than warps are taken in turn.
    const unsigned blocks = std::min((rows + warps - 1) / warps, 4);
    launch(name, {blocks, 1, 1, static_cast<unsigned>(warps)}, static_cast<const T*>(x.upload()), x.stride(),
           static_cast<const float*>(gain.upload()), static_cast<const float*>(bias.upload()), EPSILON, rows, width,
           out.pointer(), out.stride());
    out.download(name);
    Comparison comparison(name + " width=" + std::to_string(width));
    for (int r = 0; r < rows; r++) {
        std::vector<double> row;
        for (int c = 0; c < width; c++) {
            row.push_back(x.get(r, c));
        }
        Norm norm(row, gain, bias);
        for (int c = 0; c < width; c++) {
            comparison.expect(norm.expected[c], out.get(r, c), norm.limit[c] + rounding<U>(norm.expected[c]), r, c);
        }
    }
    comparison.finish();
}

// A block per row, after the sum of a product's parts where there are any.
template <class U>
void residual_norm(int rows, int width, int splits, Layout xLayout, Layout outLayout, double offset, bool withBias) {
    const std::string name = std::string(splits == 0 ? "layer_norm_rows_f32_" : "residual_norm_") + name_of<U>();
    Matrix<float> x(rows, width, xLayout);
    Matrix<float> partials(splits == 0 ? 1 : splits * rows, width);
    Matrix<U> out(rows, width, outLayout);
    Matrix<float> gain(1, width, {xLayout.offset % 2, 0});
    Matrix<float> bias(1, width);
    Matrix<float> addBias(1, width);
    x.random(offset - 2, offset + 2);
    partials.random(-1, 1);
    addBias.random(-1, 1);
    gain.random(-2, 2);
    bias.random(-1, 1);
    out.upload();
    const Shape shape = {static_cast<unsigned>(rows), 1, 1, 4};
    float* on_device = x.upload();
    const float* parts = partials.upload();
    const float* added = addBias.upload();
    const float* gains = gain.upload();
    const float* biases = bias.upload();
    if (splits == 0) {
        launch(name, shape, static_cast<const float*>(on_device), x.stride(), gains, biases, EPSILON, rows, width,
               out.pointer(), out.stride());
    } else {
        launch(name, shape, on_device, x.stride(), parts, splits, rows, width, withBias ? added : nullptr, gains,
               biases, EPSILON, out.pointer(), out.stride());
    }
    out.download(name);
    Comparison comparison(name + " width=" + std::to_string(width) + " splits=" + std::to_string(splits));
    std::vector<std::vector<double>> sums(rows);
    for (int r = 0; r < rows; r++) {
        std::vector<double>& row = sums[r];
        for (int c = 0; c < width; c++) {
            float parted = 0;
            for (int s = 0; s < splits; s++) {
                parted += partials.at(s * rows + r, c);
            }
            const float all = withBias && splits > 0 ? addBias.at(0, c) + parted : parted;
            row.push_back(splits == 0 ? x.at(r, c) : x.at(r, c) + all);
        }
        Norm norm(row, gain, bias);
        for (int c = 0; c < width; c++) {
            comparison.expect(norm.expected[c], out.get(r, c), norm.limit[c] + rounding<U>(norm.expected[c]), r, c);
        }
    }
    if (splits > 0) {
        x.download(name);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < width; c++) {
                comparison.expect(sums[r][c], x.get(r, c), 0, r, c); // in the same order, so to the bit
            }
        }
    }
    comparison.finish();
}

void layer_norm_in_place(int rows, int width, Layout layout) {
    Matrix<float> x(rows, width, layout);
    Matrix<float> gain(1, width);
    Matrix<float> bias(1, width);
    x.random(-3, 3);
    gain.random(-2, 2);
    bias.random(-1, 1);
    std::vector<std::vector<double>> before(rows);
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < width; c++) {
            before[r].push_back(x.get(r, c));
        }
    }
    float* both = x.upload();
    launch("layer_norm_f32_f32", {static_cast<unsigned>((rows + 3) / 4), 1, 1, 4}, static_cast<const float*>(both),
           x.stride(), static_cast<const float*>(gain.upload()), static_cast<const float*>(bias.upload()), EPSILON,
           rows, width, both, x.stride());
    x.download("layer_norm in place");
    Comparison comparison("layer_norm in place width=" + std::to_string(width));
    for (int r = 0; r < rows; r++) {
        Norm norm(before[r], gain, bias);
        for (int c = 0; c < width; c++) {
            comparison.expect(norm.expected[c], x.get(r, c), norm.limit[c], r, c);
        }
    }
    comparison.finish();
}

void l2_normalize(int rows, int width, Layout layout, double low, double high, bool inPlace) {
    Matrix<float> x(rows, width, layout);
    Matrix<float> other(rows, width, {layout.gap % 3, layout.offset});
    x.random(low, high);
    for (int c = 0; c < width; c++) {
        x.set(rows - 1, c, 0);
    }
    std::vector<double> norms;
    std::vector<std::vector<double>> before(rows);
    for (int r = 0; r < rows; r++) {
        double squares = 0;
        for (int c = 0; c < width; c++) {
            before[r].push_back(x.get(r, c));
            squares += x.get(r, c) * x.get(r, c);
        }
        norms.push_back(std::sqrt(squares));
    }
    Matrix<float>& out = inPlace ? x : other;
    other.upload();
    const float* from = x.upload();
    launch("l2_normalize_f32", {static_cast<unsigned>((rows + 2) / 3), 1, 1, 3}, from, x.stride(), rows, width,
           out.pointer(), out.stride());
    out.download("l2_normalize");
    Comparison comparison("l2_normalize width=" + std::to_string(width));
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < width; c++) {
            double expected = norms[r] == 0 ? 0 : before[r][c] / norms[r];
            comparison.expect(expected, out.get(r, c), 0x1p-24 * (width / 64.0 + 8) * std::fabs(expected) + 0x1p-149, r,
                              c);
        }
    }
    comparison.finish();
}

template <class T>
void token_embedding(int tokens, int width, Layout layout) {
    const int vocabulary = 37;
    const int context = 11;
    Matrix<T> table(vocabulary, width, {layout.offset, 0});
    Matrix<float> positions(context, width);
    Matrix<float> out(tokens, width, layout);
    table.random(-1, 1);
    positions.random(-1, 1);
    Matrix<int> ids(1, tokens);
    Matrix<int> places(1, tokens);
    for (int i = 0; i < tokens; i++) {
        ids.at(0, i) = static_cast<int>(random_source() % vocabulary);
        places.at(0, i) = static_cast<int>(random_source() % context);
    }
    out.upload();
    const std::string name = std::string("token_embedding_") + name_of<T>();
    launch(name, {static_cast<unsigned>((tokens + 7) / 8), 1, 1, 8}, static_cast<const int*>(ids.upload()),
           static_cast<const int*>(places.upload()), static_cast<const T*>(table.upload()),
           static_cast<const float*>(positions.upload()), tokens, width, out.pointer(), out.stride());
    out.download(name);
    Comparison comparison(name);
    for (int i = 0; i < tokens; i++) {
        for (int c = 0; c < width; c++) {
            float expected = static_cast<float>(table.get(ids.at(0, i), c) + positions.get(places.at(0, i), c));
            comparison.expect(expected, out.get(i, c), 0, i, c);
        }
    }
    comparison.finish();
}

template <class Bits>
void gather_rows(const char* name, int count, int width, Layout layout) {
    Matrix<Bits> x(23, width, layout);
    Matrix<Bits> out(count, width, {layout.gap, layout.offset});
    Matrix<int> rows(1, count);
    for (int r = 0; r < x.rows(); r++) {
        for (int c = 0; c < width; c++) {
            x.at(r, c) = static_cast<Bits>(random_source());
        }
    }
    for (int i = 0; i < count; i++) {
        rows.at(0, i) = static_cast<int>(random_source() % x.rows());
    }
    out.upload();
    launch(name, {2, 1, 1, 3}, static_cast<const Bits*>(x.upload()), x.stride(),
           static_cast<const int*>(rows.upload()), count, width, out.pointer(), out.stride());
    out.download(name);
    Comparison comparison(name);
    for (int i = 0; i < count; i++) {
        for (int c = 0; c < width; c++) {
            comparison.expect(x.at(rows.at(0, i), c), out.at(i, c), 0, i, c);
        }
    }
    comparison.finish();
}

} // namespace

void test_rows() {
    for (int width : WIDTHS) {
        int i = 0;
        for (Layout layout : LAYOUTS) {
            Layout other = LAYOUTS[(i * 2 + width) % 5];
            int warps = 1 + (i * 3 + width) % 8;
            int rows = 1 + (i * 5 + width) % 7;
            double offset = i % 2 == 0 ? 0 : 100;
            layer_norm<float, float>(rows, width, layout, other, warps, offset);
            layer_norm<float, Half>(rows, width, layout, other, warps, offset);
            layer_norm<float, Bf16>(rows, width, layout, layout, warps, offset);
            layer_norm<Half, Half>(rows, width, layout, layout, warps, offset);
            layer_norm<Half, float>(rows, width, layout, other, warps, offset);
            layer_norm<Bf16, Bf16>(rows, width, layout, layout, warps, offset);
            layer_norm<Bf16, float>(rows, width, layout, layout, warps, offset);
            layer_norm<float, Half>(rows * 9, width, layout, other, 1 + i % 2, offset); // several rows for a warp
            layer_norm_in_place(rows, width, layout);
            residual_norm<Half>(rows, width, 0, layout, other, offset, false);
            residual_norm<Bf16>(rows, width, i, layout, layout, offset, i % 2 == 0);
            residual_norm<Half>(rows, width, 4 + i, layout, other, offset, i % 2 == 1);
            l2_normalize(rows + 1, width, layout, -1, 1, i % 2 == 0);
            l2_normalize(rows + 1, width, layout, -1e30, 1e30, i % 2 == 1);
            l2_normalize(rows + 1, width, layout, 1e-31, 1e-30, i % 2 == 0);
            l2_normalize(rows + 1, width, layout, -3e38, 3e38, false);
            token_embedding<float>(rows * 4, width, layout);
            token_embedding<Half>(rows * 3, width, layout);
            token_embedding<Bf16>(rows, width, layout);
            gather_rows<unsigned>("gather_rows_32", 1 + i * 9, width, layout);
            gather_rows<unsigned short>("gather_rows_16", 1 + i * 9, width, layout);
            i++;
        }
    }
}

} // namespace test
