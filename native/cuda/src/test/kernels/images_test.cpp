// Token sequences, patches and pooling.
#include "harness.hpp"

namespace test {

namespace {

template <class T>
void image_tokens(int images, int patchCount, int width, Layout layout) {
    const std::string name = std::string("image_tokens_") + name_of<T>();
    const int tokens = 1 + patchCount;
    Matrix<T> patches(images * patchCount, width, layout);
    Matrix<float> classEmbedding(1, width);
    Matrix<float> positions(tokens, width, {layout.offset, 0});
    Matrix<float> out(images * tokens, width, {layout.offset, layout.gap});
    patches.random(-1, 1);
    classEmbedding.random(-1, 1);
    positions.random(-1, 1);
    out.upload();
    launch(name, {3, 1, 1, 8}, static_cast<const T*>(patches.upload()), patches.stride(),
           static_cast<const float*>(classEmbedding.upload()), static_cast<const float*>(positions.upload()), images,
           patchCount, width, out.pointer(), out.stride());
    out.download(name);
    Comparison comparison(name + " width=" + std::to_string(width));
    for (int r = 0; r < images * tokens; r++) {
        const int place = r % tokens;
        for (int c = 0; c < width; c++) {
            double first = place == 0 ? classEmbedding.get(0, c) : patches.get(r / tokens * patchCount + place - 1, c);
            comparison.expect(static_cast<float>(first + positions.get(place, c)), out.get(r, c), 0, r, c);
        }
    }
    comparison.finish();
}

template <class T>
void mean_token(int images, int pixelCount, int channels, Layout layout, unsigned warps) {
    const std::string name = std::string("mean_token_") + name_of<T>();
    Matrix<T> pixels(images * pixelCount, channels, layout);
    Matrix<float> positions(1 + pixelCount, channels);
    Matrix<T> out(images * (1 + pixelCount), channels, {layout.gap, layout.offset});
    pixels.random(-1, 1);
    positions.random(-1, 1);
    out.upload();
    launch(name, {static_cast<unsigned>(images), static_cast<unsigned>((channels + 31) / 32), 1, warps},
           static_cast<const T*>(pixels.upload()), pixels.stride(), static_cast<const float*>(positions.upload()),
           images, pixelCount, channels, out.pointer(), out.stride());
    out.download(name);
    Comparison comparison(name);
    for (int r = 0; r < out.rows(); r++) {
        const int image = r / (1 + pixelCount);
        const int place = r % (1 + pixelCount);
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (int p = 0; place == 0 && p < pixelCount; p++) {
                sum += pixels.get(image * pixelCount + p, c);
            }
            double first = place == 0 ? sum / pixelCount : pixels.get(image * pixelCount + place - 1, c);
            double expected = first + positions.get(place, c);
            double limit = 0x1p-24 * (place == 0 ? pixelCount / 8.0 + 10 : 1) + rounding<T>(expected);
            comparison.expect(expected, out.get(r, c), limit, r, c);
        }
    }
    comparison.finish();
}

template <class T>
void average_pool(int images, int height, int width, int channels, int kernel, Layout layout) {
    const std::string name = std::string("average_pool_") + name_of<T>();
    const int outHeight = height / kernel;
    const int outWidth = width / kernel;
    Matrix<T> x(images * height * width, channels, layout);
    Matrix<T> out(images * outHeight * outWidth, channels, layout);
    x.random(-1, 1);
    out.upload();
    launch(name, {2, 1, 1, 8}, static_cast<const T*>(x.upload()), x.stride(), images, height, width, channels, kernel,
           out.pointer(), out.stride());
    out.download(name);
    Comparison comparison(name);
    for (int r = 0; r < out.rows(); r++) {
        const int image = r / (outHeight * outWidth);
        const int top = r / outWidth % outHeight * kernel;
        const int left = r % outWidth * kernel;
        for (int c = 0; c < channels; c++) {
            double sum = 0;
            for (int i = 0; i < kernel * kernel; i++) {
                sum += x.get((image * height + top + i / kernel) * width + left + i % kernel, c);
            }
            double expected = sum / (kernel * kernel);
            comparison.expect(expected, out.get(r, c), 0x1p-24 * (kernel * kernel + 1) + rounding<T>(expected), r, c);
        }
    }
    comparison.finish();
}

struct Convolved {
    int images, height, width, channels, channelsLast, kernel, stride, padding;

    int out(int size) const { return (size + 2 * padding - kernel) / stride + 1; }

    // Element of the image that a column of an output row is, or -1 in the padding.
    long source(int row, int column, int& channel) const {
        const int ox = row % out(width);
        const int oy = row / out(width) % out(height);
        const int image = row / (out(width) * out(height));
        const int area = kernel * kernel;
        channel = channelsLast ? column % channels : column / area;
        const int tap = channelsLast ? column / channels : column % area;
        const int y = oy * stride - padding + tap / kernel;
        const int x = ox * stride - padding + tap % kernel;
        if (y < 0 || y >= height || x < 0 || x >= width) {
            return -1;
        }
        return channelsLast ? ((static_cast<long>(image) * height + y) * width + x) * channels + channel
                            : ((static_cast<long>(image) * channels + channel) * height + y) * width + x;
    }
};

template <class T, class U>
void gather_patches(const Convolved& g, Layout layout) {
    const std::string name = std::string("gather_patches_") + name_of<T>() + "_" + name_of<U>();
    Matrix<T> x(1, g.images * g.height * g.width * g.channels, {layout.offset, 0});
    Matrix<U> out(g.images * g.out(g.height) * g.out(g.width), g.channels * g.kernel * g.kernel, layout);
    x.random(-1, 1);
    out.upload();
    launch(name, {3, 1, 1, 8}, static_cast<const T*>(x.upload()), g.images, g.height, g.width, g.channels,
           g.channelsLast, g.kernel, g.stride, g.padding, g.out(g.height), g.out(g.width), out.pointer(), out.stride());
    out.download(name);
    Comparison comparison(name + " kernel=" + std::to_string(g.kernel));
    for (int r = 0; r < out.rows(); r++) {
        for (int c = 0; c < out.columns(); c++) {
            int channel;
            long source = g.source(r, c, channel);
            double expected = source < 0 ? 0 : value_of(rounded<U>(x.get(0, static_cast<int>(source))));
            comparison.expect(expected, out.get(r, c), 0, r, c);
        }
    }
    comparison.finish();
}

void test_tokens() {
    for (int width : {1, 3, 4, 32, 33, 100, 768, 1284}) {
        int i = 0;
        for (Layout layout : LAYOUTS) {
            const int images = 1 + i % 3;
            const int patches = i == 2 ? 49 : 1 + i * 4;
            image_tokens<float>(images, patches, width, layout);
            image_tokens<Half>(images, patches, width, layout);
            image_tokens<Bf16>(images, patches, width, layout);
            mean_token<float>(images, patches, width, layout, 8);
            mean_token<Half>(images, patches, width, layout, 1 + i);
            mean_token<Bf16>(images, patches, width, layout, 8);
            i++;
        }
    }
}

} // namespace

void test_images() {
    test_tokens();
    for (int channels : {1, 3, 4, 8, 32, 37, 64}) {
        for (Layout layout : LAYOUTS) {
            average_pool<float>(2, 6, 4, channels, 2, layout);
            average_pool<Half>(1, 7, 5, channels, 2, layout);
            average_pool<Bf16>(3, 9, 9, channels, 3, layout);
        }
    }
    const Convolved shapes[] = {
        {2, 32, 64, 3, 0, 32, 32, 0}, {1, 48, 32, 3, 0, 16, 16, 0}, {2, 28, 42, 3, 0, 14, 14, 0},
        {1, 14, 15, 3, 0, 7, 7, 0},   {2, 11, 9, 3, 0, 3, 2, 1},    {1, 5, 5, 1, 0, 1, 1, 0},
        {1, 9, 8, 5, 1, 3, 1, 1},     {2, 7, 7, 32, 1, 3, 1, 1},    {1, 6, 6, 64, 1, 1, 1, 0},
        {1, 8, 6, 12, 1, 3, 2, 1},    {1, 6, 7, 3, 1, 2, 1, 0},
        {1, 8, 8, 3, 0, 4, 2, 1},     {1, 8, 12, 2, 0, 4, 4, 2},
    };
    for (const Convolved& shape : shapes) {
        for (Layout layout : LAYOUTS) {
            gather_patches<float, float>(shape, layout);
            gather_patches<float, Half>(shape, layout);
            gather_patches<float, Bf16>(shape, layout);
            gather_patches<Half, Half>(shape, layout);
            gather_patches<Bf16, Bf16>(shape, layout);
        }
    }
}

} // namespace test
