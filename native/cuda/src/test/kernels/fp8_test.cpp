// Quantisation to e4m3 with one scale.
#include "harness.hpp"

#include <cuda_fp8.h>

namespace test {

namespace {

// OCP 8-bit Floating Point Specification, e4m3: largest number, unit roundoff of 3 bits, smallest step.
constexpr double LARGEST = 448;
constexpr double ROUNDOFF = 0x1p-4;
constexpr double STEP = 0x1p-9;

double number(unsigned char bits) {
    __nv_fp8_e4m3 x;
    x.__x = bits;
    return static_cast<double>(static_cast<float>(x));
}

template <class T>
void quantize(int rows, int columns, Layout layout, double spread, Shape grid) {
    const std::string type = name_of<T>();
    Matrix<T> x(rows, columns, layout);
    Matrix<unsigned> largest(1, 1);
    Matrix<unsigned char> out(rows, columns);
    Matrix<float> scale(1, 1);
    x.random(-spread, spread);
    largest.at(0, 0) = 0;
    out.upload();
    scale.upload();
    const T* from = x.upload();
    launch("fp8_largest_" + type, grid, from, x.stride(), rows, columns, largest.upload());
    launch("fp8_quantize_" + type, grid, from, x.stride(), rows, columns,
           static_cast<const unsigned*>(largest.pointer()), out.pointer(), scale.pointer());
    out.download("fp8_quantize_" + type);
    scale.download("fp8_quantize_" + type);
    double most = 0;
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            most = std::max(most, std::fabs(x.get(r, c)));
        }
    }
    const double unit = std::max(most / LARGEST, 0x1p-126);
    Comparison comparison("fp8_quantize_" + type + " columns=" + std::to_string(columns));
    comparison.expect(unit, scale.get(0, 0), 0x1p-23 * unit, 0, 0);
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            const double expected = x.get(r, c);
            // Rounded once to 3 bits, or to half a step where those are subnormal; the inverse and its product are f32.
            const double limit = std::max(ROUNDOFF * std::fabs(expected), STEP / 2 * unit) * (1 + 0x1p-18);
            comparison.expect(expected, number(out.at(r, c)) * scale.get(0, 0), limit, r, c);
        }
    }
    comparison.finish();
}

void keeps_what_is_not_finite() {
    Matrix<float> x(1, 16);
    Matrix<unsigned> largest(1, 1);
    Matrix<unsigned char> out(1, 16);
    Matrix<float> scale(1, 1);
    for (float odd : {NAN, INFINITY}) {
        x.random(-1, 1);
        x.at(0, 5) = odd;
        largest.at(0, 0) = 0;
        const Shape grid = {1, 1, 1, 1};
        const float* from = x.upload();
        launch("fp8_largest_f32", grid, from, 16, 1, 16, largest.upload());
        launch("fp8_quantize_f32", grid, from, 16, 1, 16, static_cast<const unsigned*>(largest.pointer()), out.upload(),
               scale.upload());
        out.download("fp8_quantize_f32");
        scale.download("fp8_quantize_f32");
        Comparison comparison("fp8_quantize_f32 of NaN and infinity");
        comparison.expect(NAN, number(out.at(0, 5)) * scale.get(0, 0), 0, 0, 5);
        comparison.finish();
    }
}

template <class T>
void quantize_all() {
    for (int columns : {1, 3, 16, 31, 33, 64, 768}) {
        int i = 0;
        for (Layout layout : LAYOUTS) {
            const double spreads[] = {1, 1e-3, 3e4, 0, 17};
            quantize<T>(1 + 4 * i, columns, layout, spreads[i], {static_cast<unsigned>(1 + i % 3), 1, 1, 8});
            i++;
        }
    }
}

} // namespace

void test_fp8() {
    quantize_all<float>();
    quantize_all<Half>();
    quantize_all<Bf16>();
    keeps_what_is_not_finite();
}

} // namespace test
