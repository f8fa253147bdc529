// Operations on pixels: the columns that convolutions multiply, and pooling.
#pragma once

#include "numerics.cuh"

// Geometry of a convolution, as org.clip4j.kernels.ConvolutionShape.
struct Geometry {
    int images;
    int height;
    int width;
    int channels;
    int kernel;
    int stride;
    int padding;
    int outHeight;
    int outWidth;
};

// Where an output row's receptive field starts: image, and the row and column of its first pixel, perhaps outside.
struct Field {
    int image;
    int y;
    int x;
};

__device__ __forceinline__ Field field_of(const Geometry& g, int row) {
    const int line = row / g.outWidth;
    const int image = line / g.outHeight;
    return {image, (line - image * g.outHeight) * g.stride - g.padding,
            (row - line * g.outWidth) * g.stride - g.padding};
}

__device__ __forceinline__ bool inside(const Geometry& g, int y, int x) {
    return static_cast<unsigned>(y) < static_cast<unsigned>(g.height)
           && static_cast<unsigned>(x) < static_cast<unsigned>(g.width);
}

// x [images, channels, height, width], columns (c, ky, kx). Packs lie along kx and must be whole in the image.
template <int N, class T, class U>
__device__ __forceinline__ void gather_planes(const T* x, const Geometry& g, U* out, int outStride) {
    const unsigned rows = g.images * g.outHeight * g.outWidth;
#pragma unroll 1
    for (Cells cell(g.channels * g.kernel * g.kernel / N); cell.row < rows; cell.advance()) {
        const int column = cell.place * N;
        const int line = column / g.kernel;
        const int c = line / g.kernel;
        const Field field = field_of(g, cell.row);
        const int y = field.y + (line - c * g.kernel);
        const int left = field.x + (column - line * g.kernel);
        float v[N] = {};
        if (inside(g, y, left)) {
            const long long plane = static_cast<long long>(field.image) * g.channels + c;
            load_pack(x + (plane * g.height + y) * g.width + left, v);
        }
        store_pack(row_of(out, cell.row, outStride) + column, v);
    }
}

// x [images, height, width, channels], columns (ky, kx, c). Packs lie along c.
template <int N, class T, class U>
__device__ __forceinline__ void gather_pixels(const T* x, const Geometry& g, U* out, int outStride) {
    const unsigned rows = g.images * g.outHeight * g.outWidth;
#pragma unroll 1
    for (Cells cell(g.channels * g.kernel * g.kernel / N); cell.row < rows; cell.advance()) {
        const int column = cell.place * N;
        const int tap = column / g.channels;
        const int ky = tap / g.kernel;
        const Field field = field_of(g, cell.row);
        const int y = field.y + ky;
        const int left = field.x + (tap - ky * g.kernel);
        float v[N] = {};
        if (inside(g, y, left)) {
            const long long pixel = (static_cast<long long>(field.image) * g.height + y) * g.width + left;
            load_pack(x + pixel * g.channels + (column - tap * g.channels), v);
        }
        store_pack(row_of(out, cell.row, outStride) + column, v);
    }
}

template <int N, class T, class U>
__device__ __forceinline__ bool planes_fit(const T* x, const Geometry& g, const U* out, int outStride) {
    return g.kernel % N == 0 && g.stride % N == 0 && g.padding == 0 && packs_fit<N>(x, g.width)
           && packs_fit<N>(out, outStride);
}

template <class T, class U>
__device__ __forceinline__ void gather_patches(const T* x, const Geometry& g, int channelsLast, U* out,
                                               int outStride) {
    constexpr int N = packSize<T, U>;
    if (channelsLast != 0) {
        if (packs_fit<N>(x, g.channels) && packs_fit<N>(out, outStride)) {
            gather_pixels<N>(x, g, out, outStride);
        } else {
            gather_pixels<1>(x, g, out, outStride);
        }
    } else if (planes_fit<4>(x, g, out, outStride)) { // ViT-B/32, ViT-B/16
        gather_planes<4>(x, g, out, outStride);
    } else if (planes_fit<2>(x, g, out, outStride)) { // ViT-L/14
        gather_planes<2>(x, g, out, outStride);
    } else {
        gather_planes<1>(x, g, out, outStride);
    }
}

// Means of kernel x kernel squares of channels-last images; what is left over at the right and bottom is dropped.
template <int N, class T>
__device__ __forceinline__ void pool_packs(const T* x, int xStride, int images, int height, int width, int channels,
                                           int kernel, T* out, int outStride) {
    const int outHeight = height / kernel;
    const int outWidth = width / kernel;
    const unsigned rows = images * outHeight * outWidth;
    const float area = static_cast<float>(kernel * kernel);
#pragma unroll 1
    for (Cells cell(channels / N); cell.row < rows; cell.advance()) {
        const int row = cell.row;
        const int column = cell.place * N;
        const int line = row / outWidth;
        const int image = line / outHeight;
        const long long top = static_cast<long long>(image) * height + (line - image * outHeight) * kernel;
        const int left = (row - line * outWidth) * kernel;
        float sum[N] = {};
#pragma unroll 1
        for (int ky = 0; ky < kernel; ky++) {
#pragma unroll 1
            for (int kx = 0; kx < kernel; kx++) {
                float v[N];
                load_pack(row_of(x, (top + ky) * width + left + kx, xStride) + column, v);
#pragma unroll
                for (int e = 0; e < N; e++) {
                    sum[e] += v[e];
                }
            }
        }
#pragma unroll
        for (int e = 0; e < N; e++) {
            sum[e] /= area;
        }
        store_pack(row_of(out, cell.row, outStride) + column, sum);
    }
}

template <class T>
__device__ __forceinline__ void average_pool(const T* x, int xStride, int images, int height, int width, int channels,
                                             int kernel, T* out, int outStride) {
    constexpr int N = packSize<T, T>;
    if (channels % N == 0 && packs_fit<N>(x, xStride) && packs_fit<N>(out, outStride)) {
        pool_packs<N>(x, xStride, images, height, width, channels, kernel, out, outStride);
    } else {
        pool_packs<1>(x, xStride, images, height, width, channels, kernel, out, outStride);
    }
}
