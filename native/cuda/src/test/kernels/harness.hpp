// What the kernel tests share: matrices on the device with guards around them, launches, comparisons.
#pragma once

#include <cuda.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace test {

using Half = __half;
using Bf16 = __nv_bfloat16;

inline std::mt19937 random_source(12345);

inline double uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random_source);
}

inline double value_of(float x) { return x; }
inline double value_of(Half x) { return __half2float(x); }
inline double value_of(Bf16 x) { return __bfloat162float(x); }
inline double value_of(unsigned char x) { return x; }
inline double value_of(int x) { return x; }
inline double value_of(unsigned x) { return x; }

template <class T>
T rounded(double x) {
    if constexpr (std::is_same_v<T, Half>) {
        return __float2half_rn(static_cast<float>(x));
    } else if constexpr (std::is_same_v<T, Bf16>) {
        return __float2bfloat16_rn(static_cast<float>(x));
    } else {
        return static_cast<T>(x);
    }
}

template <class T>
const char* name_of() {
    return std::is_same_v<T, Half> ? "f16" : std::is_same_v<T, Bf16> ? "bf16" : std::is_same_v<T, float> ? "f32" : "u8";
}

// Unit roundoff.
template <class T>
constexpr double roundoff = std::is_same_v<T, Half> ? 0x1p-11 : std::is_same_v<T, Bf16> ? 0x1p-8 : 0x1p-24;

// What rounding a result to T may lose, half's subnormal numbers included.
template <class T>
double rounding(double x) {
    return roundoff<T> * std::fabs(x) + (std::is_same_v<T, Half> ? 0x1p-25 : 0x1p-149);
}

inline void check(int code, const char* what) {
    if (code != 0) {
        std::printf("%s failed: code=%d\n", what, code);
        std::exit(2);
    }
}

// Where a matrix lies: elements before it, and beyond each row.
struct Layout {
    int offset;
    int gap;
};

constexpr Layout LAYOUTS[] = {{0, 0}, {8, 8}, {0, 1}, {1, 0}, {3, 13}};

// A matrix on the host and on the device. What lies between its rows and around it must stay as it is.
template <class T>
class Matrix {
public:
    Matrix(int rows, int columns, Layout layout = {0, 0})
        : rows_(rows), columns_(columns), stride_(columns + layout.gap), offset_(layout.offset),
          host_(layout.offset + static_cast<size_t>(rows) * stride_ + GUARD) {
        std::memset(static_cast<void*>(host_.data()), FILL, host_.size() * sizeof(T));
        check(cudaMalloc(reinterpret_cast<void**>(&device_), host_.size() * sizeof(T)), "cudaMalloc");
    }
    Matrix(const Matrix&) = delete;
    Matrix& operator=(const Matrix&) = delete;
    ~Matrix() { cudaFree(device_); }

    int rows() const { return rows_; }
    int columns() const { return columns_; }
    int stride() const { return stride_; }

    T& at(int row, int column) { return host_[offset_ + static_cast<size_t>(row) * stride_ + column]; }
    double get(int row, int column) { return value_of(at(row, column)); }
    void set(int row, int column, double x) { at(row, column) = rounded<T>(x); }

    Matrix& random(double low, double high) {
        for (int r = 0; r < rows_; r++) {
            for (int c = 0; c < columns_; c++) {
                set(r, c, uniform(low, high));
            }
        }
        return *this;
    }

    // Copies to the device; the pointer is to the first element.
    T* upload() {
        check(cudaMemcpy(device_, host_.data(), host_.size() * sizeof(T), cudaMemcpyHostToDevice), "cudaMemcpy");
        return device_ + offset_;
    }
    T* pointer() { return device_ + offset_; }

    // Copies from the device and checks the guards.
    void download(const std::string& what) {
        check(cudaMemcpy(host_.data(), device_, host_.size() * sizeof(T), cudaMemcpyDeviceToHost), "cudaMemcpy");
        std::vector<unsigned char> fill(sizeof(T), FILL);
        for (size_t i = 0; i < host_.size(); i++) {
            bool inside = i >= static_cast<size_t>(offset_) && i - offset_ < static_cast<size_t>(rows_) * stride_
                          && static_cast<int>((i - offset_) % stride_) < columns_;
            if (!inside && std::memcmp(&host_[i], fill.data(), sizeof(T)) != 0) {
                std::printf("FAILED %s: written outside: element=%zu\n", what.c_str(), i);
                std::exit(1);
            }
        }
    }

private:
    static constexpr int GUARD = 16;
    static constexpr int FILL = 0xFF; // a NaN in all types
    int rows_, columns_, stride_, offset_;
    std::vector<T> host_;
    T* device_ = nullptr;
};

struct Shape {
    unsigned x, y, z, warps;
    unsigned sharedBytes = 0;
};

void load_module(const char* path);
CUfunction function_of(const std::string& name);

template <class... A>
void launch(const std::string& name, Shape shape, A... arguments) {
    void* parameters[] = {&arguments...};
    const CUfunction function = function_of(name);
    check(cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                             static_cast<int>(shape.sharedBytes)),
          name.c_str());
    check(cuLaunchKernel(function, shape.x, shape.y, shape.z, 32, shape.warps, 1, shape.sharedBytes, nullptr,
                         parameters, nullptr),
          name.c_str());
    check(cudaDeviceSynchronize(), name.c_str());
}

// Collects the comparisons of a kernel.
class Comparison {
public:
    explicit Comparison(std::string what) : what_(std::move(what)) {}

    void expect(double expected, double actual, double limit, int row, int column) {
        double error = std::fabs(actual - expected);
        bool same = expected == actual || (std::isnan(expected) && std::isnan(actual));
        double ratio = same ? 0 : !(error <= limit) ? (error / limit > 1 ? error / limit : INFINITY) : error / limit;
        worst_ = ratio > worst_ ? ratio : worst_;
        count_++;
        if (ratio > 1 && outside_++ < 3) {
            std::printf("%s: row=%d column=%d expected=%.9g actual=%.9g limit=%.3g\n", what_.c_str(), row, column,
                        expected, actual, limit);
        }
    }

    void finish() {
        if (outside_ > 0) {
            std::printf("FAILED %s: outside=%ld of=%ld\n", what_.c_str(), outside_, count_);
            failures++;
        }
        total += count_;
    }

    double worst() const { return worst_; }

    static inline int failures = 0;
    static inline long total = 0;

private:
    std::string what_;
    double worst_ = 0;
    long outside_ = 0;
    long count_ = 0;
};

void test_rows();
void test_elements();
void test_images();
void test_resample();
void test_attention();
void test_linear();
void test_fp8();

} // namespace test
