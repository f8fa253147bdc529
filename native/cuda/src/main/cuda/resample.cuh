// The bicubic resize of 8-bit pixels, in the integers of org.clip4j.kernels.PlaneResampler: horizontally, rounded to
// bytes, then vertically, and each sample to the level that its table has for it.
#pragma once

#include "numerics.cuh"

// Bits behind the point of the weights: org.clip4j.kernels.ResampleAxis.
constexpr int PRECISION_BITS = 22;
constexpr int COLORS = 3;
constexpr int LEVELS = 256;

// As org.clip4j.kernels.ResampleAxis: output o is made of inputs first[o] to first[o] + taps[o] - 1.
struct ResampleAxis {
    const int* first;
    const int* taps;
    const int* start;
    const int* weights;
};

// A sum of bytes times weights in fixed point. Unsigned, as sums of odd weights may wrap, and do so in Java, too.
struct FixedSum {
    unsigned value = 1u << (PRECISION_BITS - 1);

    __device__ __forceinline__ void add(unsigned char sample, int weight) {
        value += sample * static_cast<unsigned>(weight);
    }

    __device__ __forceinline__ int to_byte() const {
        return max(0, min(LEVELS - 1, static_cast<int>(value) >> PRECISION_BITS));
    }
};

// pixels: rows of an image, of which the first pixel is that of column from; out [rows, 3, n]. A thread makes the three
// samples of a pixel.
__device__ __forceinline__ void resample_rows(const unsigned char* pixels, int rowStride, int pixelStride, int red,
                                              int green, int blue, const ResampleAxis& columns, int from, int rows,
                                              int n, unsigned char* out) {
#pragma unroll 1
    for (Cells cell(n); cell.row < static_cast<unsigned>(rows); cell.advance()) {
        const int o = cell.place;
        const unsigned char* pixel = row_of(pixels, cell.row, rowStride)
                                     + static_cast<long long>(columns.first[o] - from) * pixelStride;
        const int* weights = columns.weights + columns.start[o];
        const int taps = columns.taps[o];
        FixedSum sums[COLORS];
#pragma unroll 4
        for (int j = 0; j < taps; j++) {
            sums[0].add(pixel[red], weights[j]);
            sums[1].add(pixel[green], weights[j]);
            sums[2].add(pixel[blue], weights[j]);
            pixel += pixelStride;
        }
#pragma unroll
        for (int c = 0; c < COLORS; c++) {
            row_of(out, static_cast<long long>(cell.row) * COLORS + c, n)[o] = sums[c].to_byte();
        }
    }
}

// lines [.., 3, n], the first one that of row from; levels [3, 256]; planes [3, n, n].
__device__ __forceinline__ void resample_columns(const unsigned char* lines, const ResampleAxis& rows, int from, int n,
                                                 const float* levels, float* planes) {
#pragma unroll 1
    for (Cells cell(n); cell.row < static_cast<unsigned>(COLORS * n); cell.advance()) {
        const int c = cell.row / n;
        const int o = cell.row - c * n;
        const unsigned char* sample = row_of(lines, static_cast<long long>(rows.first[o] - from) * COLORS + c, n)
                                      + cell.place;
        const int* weights = rows.weights + rows.start[o];
        const int taps = rows.taps[o];
        FixedSum sum;
#pragma unroll 4
        for (int j = 0; j < taps; j++) {
            sum.add(*sample, weights[j]);
            sample += COLORS * n;
        }
        row_of(planes, cell.row, n)[cell.place] = levels[c * LEVELS + sum.to_byte()];
    }
}
