// Operations on single elements: activations and conversions.
#pragma once

#include "numerics.cuh"

// Order of org.clip4j.kernels.Activation.
constexpr int RELU = 1;
constexpr int QUICK_GELU = 2;
constexpr int GELU = 3;

// 1.702: QuickGELU, openai/CLIP clip/model.py. The low parts are what a constant's float lacks.
constexpr float QUICK = 1.702f;
constexpr float QUICK_LOW = static_cast<float>(1.702 - static_cast<double>(1.702f));
constexpr float LOG2_E = 1.4426950408889634f;
constexpr float SQRT_HALF = 0.7071067811865476f;
constexpr float SQRT_HALF_LOW = static_cast<float>(0.7071067811865476 - static_cast<double>(SQRT_HALF));

// A NaN is not <= 0 and so stays.
__device__ __forceinline__ float relu(float x) { return x <= 0.0f ? 0.0f : x; }

// The rounding error of 1.702 x is an absolute one in the exponent, many ulp of the result where x is -20, so it is
// carried along; beyond e^88 the exponential is infinite or zero and must not meet it.
__device__ __forceinline__ float quick_gelu(float x, float) {
    float power = -QUICK * x;
    float e = expf(power);
    if (fabsf(power) < 88.0f) {
        float rest = fmaf(-QUICK_LOW, x, fmaf(-QUICK, x, -power));
        e = fmaf(e, rest, e);
    }
    return x / (1.0f + e);
}

template <class T>
__device__ __forceinline__ float quick_gelu(float x, T) {
    return x / (1.0f + exp2_approx(-QUICK * LOG2_E * x));
}

// 1 + erf(z) cancels for z < 0, so erfc(-z) stands in. The rounding error of z is a relative one of erfc(z) some
// 2 z^2 times as large, and is taken back with the derivative of log(erfc(z)), about -(z + sqrt(z^2 + 4/pi)):
// Abramowitz and Stegun, 7.1.13.
__device__ __forceinline__ float gelu(float x, float) {
    float z = fabsf(x) * SQRT_HALF;
    if (x >= 0.0f) {
        return fmaf(-0.5f * x, erfcf(z), x); // rounds once where 1 + erf(z) would twice
    }
    float tail = erfcf(z);
    if (z < 11.0f) { // beyond, erfc(z) is 0 and squares overflow
        float rest = fmaf(fabsf(x), SQRT_HALF_LOW, fmaf(fabsf(x), SQRT_HALF, -z));
        tail = fmaf(-tail, rest * (z + sqrtf(fmaf(z, z, 1.2732395f))), tail);
    }
    return 0.5f * x * tail;
}

// One function for both signs: lanes do not diverge, and what is lost vanishes in 16 bits.
template <class T>
__device__ __forceinline__ float gelu(float x, T) {
    float tail = 0.5f * erfcf(fabsf(x) * SQRT_HALF);
    return x < 0.0f ? x * tail : x * (1.0f - tail);
}

template <class T>
__device__ __forceinline__ float activation_of(float x, int activation, T type) {
    switch (activation) {
    case RELU:
        return relu(x);
    case QUICK_GELU:
        return quick_gelu(x, type);
    case GELU:
        return gelu(x, type);
    default:
        return x;
    }
}

template <int N, class T>
__device__ __forceinline__ void activate_packs(T* x, int stride, unsigned rows, int columns, int activation) {
#pragma unroll 1
    for (Cells cell(columns / N); cell.row < rows; cell.advance()) {
        T* at = row_of(x, cell.row, stride) + cell.place * N;
        float v[N];
        load_pack(at, v);
#pragma unroll
        for (int e = 0; e < N; e++) {
            v[e] = activation_of(v[e], activation, T());
        }
        store_pack(at, v);
    }
}

template <class T>
__device__ __forceinline__ void activate(T* x, int stride, unsigned rows, int columns, int activation) {
    constexpr int N = packSize<T, T>;
    if (columns % N == 0 && packs_fit<N>(x, stride)) {
        activate_packs<N>(x, stride, rows, columns, activation);
    } else {
        activate_packs<1>(x, stride, rows, columns, activation);
    }
}

template <int N, class T, class U>
__device__ __forceinline__ void convert_packs(const T* x, int xStride, unsigned rows, int columns, U* out,
                                              int outStride) {
#pragma unroll 1
    for (Cells cell(columns / N); cell.row < rows; cell.advance()) {
        float v[N];
        load_pack(row_of(x, cell.row, xStride) + cell.place * N, v);
        store_pack(row_of(out, cell.row, outStride) + cell.place * N, v);
    }
}

template <class T, class U>
__device__ __forceinline__ void convert(const T* x, int xStride, unsigned rows, int columns, U* out,
                                        int outStride) {
    constexpr int N = packSize<T, U>;
    if (columns % N == 0 && packs_fit<N>(x, xStride) && packs_fit<N>(out, outStride)) {
        convert_packs<N>(x, xStride, rows, columns, out, outStride);
    } else {
        convert_packs<1>(x, xStride, rows, columns, out, outStride);
    }
}
