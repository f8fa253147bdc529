// Products of matrices of which nothing was packed.
#include "check.h"

using checks::Expected;
using checks::Grid;

struct Size {
  int64_t m;
  int64_t n;
  int64_t k;
};

static void check_product(checks::Report& report, const Size& size, bool transpose_a, bool transpose_b, bool add) {
  const double scale = 0.125;
  Grid<float> a = report.random.normals(transpose_a ? size.k : size.m, transpose_a ? size.m : size.k, 2);
  Grid<float> b = report.random.normals(transpose_b ? size.n : size.k, transpose_b ? size.k : size.n, 3);
  Grid<float> before = report.random.normals(size.m, size.n, 1);
  Grid<float> c = before;
  Grid<float> scratch(1, clip4j::PRODUCT_SCRATCH);
  clip4j::Product call = {a.data(), b.data(), c.data(), a.stride(), b.stride(), c.stride(), size.m, size.n, size.k,
                          transpose_a, transpose_b, add, static_cast<float>(scale), scratch.data()};
  report.kernels.product(call);
  std::string what = checks::named("m", size.m) + checks::named("n", size.n) + checks::named("k", size.k) +
                     checks::named("transposeA", transpose_a) + checks::named("transposeB", transpose_b) +
                     checks::named("add", add);
  report.compare(what, c, [&](int64_t r, int64_t n) {
    double old = add ? static_cast<double>(before.at(r, n)) : 0;
    double sum = old;
    double magnitude = std::fabs(old);
    for (int64_t k = 0; k < size.k; k++) {
      double product = scale * static_cast<double>(transpose_a ? a.at(k, r) : a.at(r, k)) *
                       static_cast<double>(transpose_b ? b.at(n, k) : b.at(k, n));
      sum += product;
      magnitude += std::fabs(product);
    }
    // K products of a scaled factor and K sums.
    return Expected{sum, static_cast<double>(size.k + 2) * checks::EPSILON * magnitude};
  });
  report.guards(what + " scratch", scratch);
}

CHECK(product) {
  int64_t panel = report.kernels.panel;
  const Size sizes[] = {{1, 1, 1},   {3, panel - 1, 7},  {5, panel, 64},           {13, panel + 1, 65}, {4, 3, 0},
                        {17, 5, 255}, {14, panel, 256}, {29, 2 * panel + 1, 257}, {241, 3, 33},        {50, 64, 50},
                        {2, 300, 513}};
  for (const Size& size : sizes) {
    for (int form = 0; form < 8; form++) {
      check_product(report, size, (form & 1) != 0, (form & 2) != 0, (form & 4) != 0);
    }
  }
}
