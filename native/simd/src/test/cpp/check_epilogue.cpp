// Bias and activation behind a product.
#include <cstring>

#include "layers.h"

using checks::Expected;
using checks::Grid;

CHECK(epilogue) {
  for (int64_t width : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 768}) {
    for (int activation = 0; activation < checks::ACTIVATIONS; activation++) {
      for (bool biased : {false, true}) {
        Grid<float> bias = report.random.normals(1, width);
        Grid<float> before = report.random.normals(3, width, width % 3);
        Grid<float> out = before;
        const float* given = biased ? bias.data() : nullptr;
        clip4j::Epilogue call = {out.data(), out.stride(), out.rows(), width, given, activation};
        report.kernels.epilogue(call);
        std::string what = checks::named("width", width) + checks::named("activation", activation) +
                           checks::named("bias", biased);
        report.compare(what, out, [&](int64_t r, int64_t c) {
          double y = static_cast<double>(before.at(r, c)) + (biased ? static_cast<double>(bias.at(0, c)) : 0);
          return checks::activation_of(activation, y, biased ? checks::EPSILON * std::fabs(y) : 0);
        });
      }
    }
  }
}
