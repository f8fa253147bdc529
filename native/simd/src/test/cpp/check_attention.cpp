// Attention of ragged segments, causal or not, with keys in place or named by their rows.
#include <algorithm>

#include "check.h"

using checks::EPSILON;
using checks::Expected;
using checks::Grid;

// Relative error of exp and of the sum's inverse.
constexpr double SOFTMAX = 4e-7;
constexpr int64_t PADDING = 3;

// A batch of segments; key_rows is empty where keys lie in place.
struct Batch {
  int64_t heads;
  int64_t head_width;
  bool causal;
  std::vector<int32_t> query_offsets;
  std::vector<int32_t> key_offsets;
  std::vector<int32_t> key_rows;
};

struct Operands {
  Grid<float> q;
  Grid<float> k;
  Grid<float> v;
  Grid<float> out;
};

// What a query's outputs in one head are, and how far from it they may be.
static void define(const Batch& batch, const Operands& operands, double scale, int64_t segment, int64_t query,
                   int64_t head, std::vector<Expected>& row) {
  int64_t first_key = batch.key_offsets[static_cast<size_t>(segment)];
  int64_t hidden = batch.causal ? batch.query_offsets[static_cast<size_t>(segment) + 1] - 1 - query : 0;
  int64_t visible = batch.key_offsets[static_cast<size_t>(segment) + 1] - first_key - hidden;
  auto row_of = [&](int64_t key) {
    int64_t place = first_key + key;
    return batch.key_rows.empty() ? place : batch.key_rows[static_cast<size_t>(place)];
  };
  std::vector<double> weights(static_cast<size_t>(visible));
  double highest = -std::numeric_limits<double>::infinity();
  double score_error = 0;
  for (int64_t key = 0; key < visible; key++) {
    double sum = 0;
    double magnitude = 0;
    for (int64_t i = 0; i < batch.head_width; i++) {
      double product = static_cast<double>(operands.q.at(query, head * batch.head_width + i)) *
                       static_cast<double>(operands.k.at(row_of(key), head * batch.head_width + i));
      sum += product;
      magnitude += std::fabs(product);
    }
    weights[static_cast<size_t>(key)] = scale * sum;
    highest = std::fmax(highest, scale * sum);
    // The shift by the maximum and the factor log2(e) round values up to twice as large.
    score_error = std::fmax(score_error, static_cast<double>(batch.head_width + 6) * EPSILON * scale * magnitude);
  }
  double total = 0;
  for (double& weight : weights) {
    weight = std::exp(weight - highest);
    total += weight;
  }
  // A score off by d changes its weight, and the sum of all, by the factor exp(d).
  double relative = std::expm1(2 * score_error) + SOFTMAX + static_cast<double>(visible + 2) * EPSILON;
  for (int64_t i = 0; i < batch.head_width; i++) {
    double sum = 0;
    double magnitude = 0;
    for (int64_t key = 0; key < visible; key++) {
      double value = weights[static_cast<size_t>(key)] / total *
                     static_cast<double>(operands.v.at(row_of(key), head * batch.head_width + i));
      sum += value;
      magnitude += std::fabs(value);
    }
    // exp gives 0 below the smallest normal number.
    row[static_cast<size_t>(head * batch.head_width + i)] = {sum, magnitude * relative + 0x1p-126};
  }
}

static void check_batch(checks::Report& report, const Batch& batch) {
  int64_t segments = static_cast<int64_t>(batch.query_offsets.size()) - 1;
  int64_t width = batch.heads * batch.head_width;
  int64_t queries = batch.query_offsets.back();
  int64_t longest = 0;
  int64_t key_count = batch.key_offsets.back();
  for (int64_t s = 0; s < segments; s++) {
    size_t at = static_cast<size_t>(s);
    longest = std::max<int64_t>(longest, batch.key_offsets[at + 1] - batch.key_offsets[at]);
  }
  for (int32_t row : batch.key_rows) {
    key_count = std::max<int64_t>(key_count, row + 1);
  }
  Operands operands = {report.random.normals(queries, width, PADDING), report.random.normals(key_count, width, PADDING),
                       report.random.normals(key_count, width, PADDING), Grid<float>(queries, width, PADDING)};
  Grid<float> scratch(1, report.kernels.attention_floats(batch.head_width, longest));
  const float scale = 1 / std::sqrt(static_cast<float>(batch.head_width));
  const int64_t pairs = segments * batch.heads;
  // In two calls, as two threads have them: the second begins within a segment.
  const int64_t middle = pairs / 2;
  for (int64_t part = 0; part < 2; part++) {
    int64_t first = part == 0 ? 0 : middle;
    int64_t segment = first / batch.heads;
    clip4j::Attention call = {operands.q.data(), operands.q.stride(), operands.k.data(), operands.k.stride(),
                              operands.v.data(), operands.v.stride(), operands.out.data(), operands.out.stride(),
                              batch.heads, batch.head_width, scale, batch.causal,
                              batch.query_offsets.data() + segment, batch.key_offsets.data() + segment,
                              batch.key_rows.empty()
                                  ? nullptr
                                  : batch.key_rows.data() + batch.key_offsets[static_cast<size_t>(segment)],
                              first, part == 0 ? middle : pairs, scratch.data()};
    report.kernels.attention(call);
  }
  std::vector<std::vector<Expected>> expected(static_cast<size_t>(queries),
                                              std::vector<Expected>(static_cast<size_t>(width)));
  for (int64_t s = 0; s < segments; s++) {
    size_t at = static_cast<size_t>(s);
    for (int64_t q = batch.query_offsets[at]; q < batch.query_offsets[at + 1]; q++) {
      for (int64_t head = 0; head < batch.heads; head++) {
        define(batch, operands, static_cast<double>(scale), s, q, head, expected[static_cast<size_t>(q)]);
      }
    }
  }
  std::string what = checks::named("heads", batch.heads) + checks::named("headWidth", batch.head_width) +
                     checks::named("causal", batch.causal) + checks::named("queries", queries) +
                     checks::named("named", !batch.key_rows.empty());
  report.compare(what, operands.out, [&](int64_t r, int64_t c) {
    return expected[static_cast<size_t>(r)][static_cast<size_t>(c)];
  });
  report.guards(what + " scratch", scratch);
}

// Segments of so many keys, of which the last ones are queried.
static Batch segments(int64_t heads, int64_t head_width, bool causal, const std::vector<int32_t>& keys,
                      int32_t without_query) {
  Batch batch = {heads, head_width, causal, {0}, {0}, {}};
  for (int32_t count : keys) {
    batch.query_offsets.push_back(batch.query_offsets.back() + (count > without_query ? count - without_query : 1));
    batch.key_offsets.push_back(batch.key_offsets.back() + count);
  }
  return batch;
}

CHECK(attention) {
  for (bool causal : {false, true}) {
    for (int64_t head_width : {1, 5, 8, 16, 33, 64}) {
      Batch batch = segments(2, head_width, causal, {1, 7, 16, 17, 50, 3}, 0);
      check_batch(report, batch);
      batch = segments(3, head_width, causal, {5, 31, 77}, 4);
      // Keys of another order than they lie in, some of them twice.
      for (int32_t i = 0; i < batch.key_offsets.back(); i++) {
        batch.key_rows.push_back(i * 37 % 71);
      }
      check_batch(report, batch);
    }
    check_batch(report, segments(1, 64, causal, {257}, 240));
  }
}
