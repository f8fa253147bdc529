// The bicubic resize, which is exact.
#include "harness.hpp"

namespace test {

namespace {

constexpr int ONE = 1 << 22;
constexpr int LEVELS = 256;

struct Axis {
    int n;
    Matrix<int> first, taps, start, weights;
    int from = 0, to = 0;

    // Ascending inputs, from 1 to mostTaps of them for an output, weights that add up to about one with negative lobes.
    Axis(int outputs, int mostTaps) : n(outputs), first(1, n), taps(1, n), start(1, n), weights(1, n * mostTaps) {
        int at = static_cast<int>(uniform(0, 4));
        from = at;
        for (int o = 0; o < n; o++) {
            first.at(0, o) = at;
            taps.at(0, o) = 1 + static_cast<int>(uniform(0, mostTaps - 0.01));
            start.at(0, o) = o * mostTaps;
            to = std::max(to, at + taps.at(0, o));
            at += static_cast<int>(uniform(0, std::max(2, mostTaps / 2)));
            for (int j = 0; j < mostTaps; j++) {
                weights.at(0, o * mostTaps + j) = static_cast<int>(uniform(-1, 2) * ONE / taps.at(0, o));
            }
        }
    }

    int byte(int o, const std::vector<int>& inputs) {
        unsigned sum = ONE / 2;
        for (int j = 0; j < taps.at(0, o); j++) {
            sum += static_cast<unsigned>(inputs[first.at(0, o) + j - from])
                   * static_cast<unsigned>(weights.at(0, start.at(0, o) + j));
        }
        return std::max(0, std::min(LEVELS - 1, static_cast<int>(sum) >> 22));
    }
};

void resample(int n, int mostTaps, int pixelStride, Shape grid) {
    Axis columns(n, mostTaps);
    Axis rows(n, mostTaps);
    const int height = rows.to - rows.from;
    const int width = columns.to - columns.from;
    const int red = pixelStride == 4 ? 2 : 0;
    const int green = pixelStride == 1 ? 0 : 1;
    const int blue = pixelStride == 1 ? 0 : 2 - red;
    Matrix<unsigned char> pixels(height, width * pixelStride, {3, 1});
    Matrix<unsigned char> lines(height * 3, n);
    Matrix<float> levels(3, LEVELS);
    Matrix<float> planes(3 * n, n);
    pixels.random(0, 255.9);
    levels.random(-2, 2);
    lines.upload();
    planes.upload();
    launch("resample_rows_u8", grid, static_cast<const unsigned char*>(pixels.upload()), pixels.stride(), pixelStride,
           red, green, blue, static_cast<const int*>(columns.first.upload()),
           static_cast<const int*>(columns.taps.upload()), static_cast<const int*>(columns.start.upload()),
           static_cast<const int*>(columns.weights.upload()), columns.from, height, n, lines.pointer());
    launch("resample_columns_f32", grid, static_cast<const unsigned char*>(lines.pointer()),
           static_cast<const int*>(rows.first.upload()), static_cast<const int*>(rows.taps.upload()),
           static_cast<const int*>(rows.start.upload()), static_cast<const int*>(rows.weights.upload()), rows.from, n,
           static_cast<const float*>(levels.upload()), planes.pointer());
    lines.download("resample_rows_u8");
    planes.download("resample_columns_f32");
    Comparison comparison("resample n=" + std::to_string(n) + " taps=" + std::to_string(mostTaps));
    const int bands[] = {red, green, blue};
    for (int c = 0; c < 3; c++) {
        std::vector<std::vector<int>> narrow(n, std::vector<int>(height));
        for (int y = 0; y < height; y++) {
            std::vector<int> inputs(width);
            for (int x = 0; x < width; x++) {
                inputs[x] = pixels.at(y, x * pixelStride + bands[c]);
            }
            for (int o = 0; o < n; o++) {
                narrow[o][y] = columns.byte(o, inputs);
                comparison.expect(narrow[o][y], lines.get(y * 3 + c, o), 0, y, o);
            }
        }
        for (int x = 0; x < n; x++) {
            for (int y = 0; y < n; y++) {
                comparison.expect(levels.get(c, rows.byte(y, narrow[x])), planes.get(c * n + y, x), 0, y, x);
            }
        }
    }
    comparison.finish();
}

} // namespace

void test_resample() {
    for (int n : {1, 2, 3, 7, 31, 32, 33, 64}) {
        for (int mostTaps : {1, 2, 3, 5, 8, 13}) {
            for (int pixelStride : {1, 3, 4}) {
                resample(n, mostTaps, pixelStride, {static_cast<unsigned>(1 + n % 3), 1, 1, 8});
            }
        }
    }
    resample(224, 9, 3, {16, 1, 1, 8});
}

} // namespace test
