// Convolutions of images of both layouts, against plain loops in double precision.
#include <cstring>

#include "layers.h"

using checks::Grid;

namespace {

struct Shape {
  bool channels_last;
  int64_t count;
  int64_t height;
  int64_t width;
  int64_t channels;
  int64_t columns;
  int64_t kernel;
  int64_t stride;
  int64_t padding;
};

// What is convolved: images in their layout, weights in the order of their patches.
class Case {
 public:
  Case(checks::Report& report, const Shape& shape)
      : shape_(shape), out_height_((shape.height + 2 * shape.padding - shape.kernel) / shape.stride + 1),
        out_width_((shape.width + 2 * shape.padding - shape.kernel) / shape.stride + 1),
        x(report.random.normals(shape.count, shape.height * shape.width * shape.channels)),
        weights(report.random.normals(shape.columns, depth())), bias(report.random.normals(1, shape.columns)) {}

  int64_t depth() const { return shape_.channels * shape_.kernel * shape_.kernel; }
  int64_t rows() const { return shape_.count * out_height_ * out_width_; }

  clip4j::Images images() const {
    return {shape_.channels_last, shape_.height, shape_.width, shape_.channels, shape_.kernel, shape_.stride,
            shape_.padding, out_height_, out_width_};
  }

  // The input that a weight of an output pixel is multiplied with.
  double input(int64_t row, int64_t k) const {
    int64_t pixels = shape_.kernel * shape_.kernel;
    int64_t channel = shape_.channels_last ? k % shape_.channels : k / pixels;
    int64_t pixel = shape_.channels_last ? k / shape_.channels : k % pixels;
    int64_t y = row / out_width_ % out_height_ * shape_.stride - shape_.padding + pixel / shape_.kernel;
    int64_t column = row % out_width_ * shape_.stride - shape_.padding + pixel % shape_.kernel;
    if (y < 0 || y >= shape_.height || column < 0 || column >= shape_.width) {
      return 0;
    }
    int64_t at = shape_.channels_last ? (y * shape_.width + column) * shape_.channels + channel
                                      : (channel * shape_.height + y) * shape_.width + column;
    return static_cast<double>(x.at(row / out_width_ / out_height_, at));
  }

 private:
  Shape shape_;
  int64_t out_height_;
  int64_t out_width_;

 public:
  Grid<float> x;
  Grid<float> weights;
  Grid<float> bias;
};

void check_shape(checks::Report& report, const Shape& shape, int activation, bool add) {
  Case given(report, shape);
  checks::Layer layer(report.kernels, clip4j::Form::F32, clip4j::Type::F32, given.weights.data(), given.depth(),
                      shape.columns);
  layer.set_bias(given.bias);
  Grid<float> before = report.random.normals(given.rows(), shape.columns, 3);
  Grid<float> out = before;
  layer.convolve(given.images(), given.x.data(), activation, add, out);
  std::string what = std::string(shape.channels_last ? "channels last" : "channels first") +
                     checks::named("images", shape.count) + checks::named("height", shape.height) +
                     checks::named("width", shape.width) + checks::named("C", shape.channels) +
                     checks::named("N", shape.columns) + checks::named("kernel", shape.kernel) +
                     checks::named("stride", shape.stride) + checks::named("padding", shape.padding) +
                     checks::named("activation", activation) + checks::named("add", add);
  report.compare(what, out, [&](int64_t r, int64_t n) {
    double sum = static_cast<double>(given.bias.at(0, n));
    sum += add ? static_cast<double>(before.at(r, n)) : 0;
    double magnitude = std::fabs(static_cast<double>(given.bias.at(0, n))) +
                       (add ? std::fabs(static_cast<double>(before.at(r, n))) : 0);
    for (int64_t k = 0; k < given.depth(); k++) {
      double product = given.input(r, k) * static_cast<double>(given.weights.at(n, k));
      sum += product;
      magnitude += std::fabs(product);
    }
    // K products and K - 1 sums, then the bias and what was there.
    return checks::activation_of(activation, sum, static_cast<double>(given.depth() + 3) * checks::EPSILON * magnitude);
  });
  layer.guards(what, report);
}

}  // namespace

CHECK(convolution) {
  int64_t panel = report.kernels.panel;
  const Shape shapes[] = {
      {true, 1, 1, 1, 3, 4, 3, 1, 1},        // one pixel, of which all neighbours are padding
      {true, 2, 5, 7, 1, panel - 1, 3, 1, 1},
      {true, 3, 7, 7, 31, panel, 3, 1, 1},   // tiles that span images
      {true, 1, 17, 19, 5, panel + 1, 3, 2, 1},
      {true, 1, 20, 14, 37, 7, 3, 1, 1},     // more rows than a block, runs that a block of the depth cuts
      {true, 2, 9, 8, 12, 9, 5, 1, 4},       // more padding than image at the corners
      {true, 1, 6, 8, 7, 5, 1, 2, 0},
      {true, 1, 4, 4, 300, 3, 1, 1, 0},      // a pixel of two blocks of the depth
      {false, 2, 13, 17, 3, panel + 3, 3, 2, 1},
      {false, 1, 8, 8, 2, 5, 7, 1, 6},
      {false, 1, 64, 96, 3, 9, 32, 32, 0},   // a patch embedding
      {false, 2, 4, 3, 1, 2, 1, 1, 0}};
  int number = 0;
  for (const Shape& shape : shapes) {
    for (bool add : {false, true}) {
      check_shape(report, shape, number++ % checks::ACTIVATIONS, add);
    }
  }
}
