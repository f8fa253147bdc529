// Activations and conversions.
#include "harness.hpp"

namespace test {

namespace {

double activated(int activation, double x) {
    switch (activation) {
    case 1:
        return x > 0 ? x : 0;
    case 2:
        return x / (1 + std::exp(-1.702 * x));
    case 3:
        return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    default:
        return x;
    }
}

template <class T>
void activate(int rows, int columns, Layout layout, int activation, unsigned blocks) {
    const std::string name = std::string("activate_") + name_of<T>();
    Matrix<T> x(rows, columns, layout);
    x.random(-9, 9);
    const double special[] = {0, 1e-30, -1e-30, 1e30, -1e30, 3.4e38, -3.4e38, -60, 60, -12, 12, -0.3};
    for (int i = 0; i < rows * columns && i < 12; i++) {
        double v = special[i];
        x.set(i / columns, i % columns, std::is_same_v<T, Half> ? std::fmax(-6e4, std::fmin(6e4, v)) : v);
    }
    x.set(rows - 1, columns - 1, activation == 1 ? NAN : 1.5);
    std::vector<double> before;
    for (int i = 0; i < rows * columns; i++) {
        before.push_back(x.get(i / columns, i % columns));
    }
    launch(name, {blocks, 1, 1, 8}, x.upload(), x.stride(), rows, columns, activation);
    x.download(name);
    Comparison comparison(name + " activation=" + std::to_string(activation));
    for (int i = 0; i < rows * columns; i++) {
        const double v = before[i];
        const double expected = std::isnan(v) ? v : activated(activation, v);
        // f32: 4 ulp of expf or erfcf and the roundings around them. 16 bits: exp(y) of a rounded y has |y| roundings,
        // erfc(z) of a rounded z 4 z^2.
        const double roundings = activation < 2 ? 0 : sizeof(T) == 4 ? 12 : 12 + 2 * std::fabs(v) + 2 * v * v;
        double limit = (activation > 1 ? rounding<T>(expected) : 0) + roundings * 0x1p-24 * std::fabs(expected);
        if (sizeof(T) == 2 && activation > 1) {
            limit += 1e-36 * std::fabs(v); // exp2_approx flushes, erfcf ends
        } else if (activation > 1) {
            limit += 0x1p-126 * std::fabs(v);
        }
        comparison.expect(expected, x.get(i / columns, i % columns), limit, i / columns, i % columns);
    }
    comparison.finish();
}

template <class T, class U>
void convert(int rows, int columns, Layout layout, Layout outLayout, unsigned blocks) {
    const std::string name = std::string("convert_") + name_of<T>() + "_" + name_of<U>();
    Matrix<T> x(rows, columns, layout);
    Matrix<U> out(rows, columns, outLayout);
    x.random(-100, 100);
    x.set(0, 0, -1e-7);
    out.upload();
    launch(name, {blocks, 1, 1, 8}, static_cast<const T*>(x.upload()), x.stride(), rows, columns, out.pointer(),
           out.stride());
    out.download(name);
    Comparison comparison(name);
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            comparison.expect(value_of(rounded<U>(x.get(r, c))), out.get(r, c), 0, r, c);
        }
    }
    comparison.finish();
}

template <class T>
void convert_from(int rows, int columns, Layout layout, Layout outLayout, unsigned blocks) {
    convert<T, float>(rows, columns, layout, outLayout, blocks);
    convert<T, Half>(rows, columns, layout, outLayout, blocks);
    convert<T, Bf16>(rows, columns, layout, outLayout, blocks);
}

} // namespace

void test_elements() {
    for (int columns : {1, 3, 4, 8, 31, 32, 33, 64, 520}) {
        int i = 0;
        for (Layout layout : LAYOUTS) {
            const int rows = 1 + (columns + i * 7) % 19;
            const unsigned blocks = 1 + (columns + i) % 3;
            for (int activation = 0; activation < 4; activation++) {
                activate<float>(rows, columns, layout, activation, blocks);
                activate<Half>(rows, columns, layout, activation, blocks);
                activate<Bf16>(rows, columns, layout, activation, blocks);
            }
            const Layout other = LAYOUTS[columns % 2 == 0 ? i : (i + columns) % 5];
            convert_from<float>(rows, columns, layout, other, blocks);
            convert_from<Half>(rows, columns, layout, other, blocks);
            convert_from<Bf16>(rows, columns, layout, other, blocks);
            i++;
        }
    }
}

} // namespace test
