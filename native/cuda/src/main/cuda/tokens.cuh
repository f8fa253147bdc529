// Token sequences of image encoders, made of the patches' or pixels' rows.
#pragma once

#include "numerics.cuh"

// A token: a patch, or the class embedding where patch is null, plus a position.
template <class T>
struct TokenRow {
    const T* patch;
    const float* classEmbedding;
    const float* position;

    template <int N>
    __device__ __forceinline__ void load(int i, float (&v)[N]) const {
        float p[N];
        load_pack(position + i, p);
        if (patch == nullptr) {
            load_pack(classEmbedding + i, v);
        } else {
            load_pack(patch + i, v);
        }
#pragma unroll
        for (int e = 0; e < N; e++) {
            v[e] += p[e];
        }
    }
};

// Row row of the tokens, [images * (1 + patchCount), width].
template <class T>
__device__ __forceinline__ TokenRow<T> token_row(const T* patches, int pStride, const float* classEmbedding,
                                                 const float* positions, int row, int patchCount, int width) {
    const int image = row / (1 + patchCount);
    const int place = row - image * (1 + patchCount);
    const T* patch = place == 0 ? nullptr : row_of(patches, image * patchCount + (place - 1), pStride);
    return {patch, classEmbedding, row_of(positions, place, width)};
}

template <class T>
__device__ __forceinline__ bool token_packs_fit(const T* patches, int pStride, const float* classEmbedding,
                                                const float* positions, int width, const float* out, int outStride) {
    return packs_fit<4>(patches, pStride) && packs_fit<4>(classEmbedding, width) && packs_fit<4>(positions, width)
           && packs_fit<4>(out, outStride);
}

template <class T>
__device__ __forceinline__ void image_tokens(const T* patches, int pStride, const float* classEmbedding,
                                             const float* positions, int images, int patchCount, int width, float* out,
                                             int outStride) {
    const bool packs = token_packs_fit(patches, pStride, classEmbedding, positions, width, out, outStride);
    const unsigned rows = images * (1 + patchCount);
#pragma unroll 1
    for (Cells cell(packs ? width / 4 : width); cell.row < rows; cell.advance()) {
        TokenRow<T> token = token_row(patches, pStride, classEmbedding, positions, cell.row, patchCount, width);
        float* to = row_of(out, cell.row, outStride);
        if (packs) {
            float v[4];
            token.load(cell.place * 4, v);
            store_pack(to + cell.place * 4, v);
        } else {
            float v[1];
            token.load(cell.place, v);
            to[cell.place] = v[0];
        }
    }
}

// The mean of an image's pixels and then the pixels, each plus its position: what an attention pool attends to. A block
// makes 32 channels of an image; its warps share the pixels.
template <class T>
__device__ __forceinline__ void mean_token(const T* pixels, int pStride, const float* positions, int images,
                                           int pixelCount, int channels, T* out, int outStride) {
    constexpr int MAX_WARPS = 8;
    SHARED(float, partial, MAX_WARPS * WARP);
    const int image = blockIdx.x;
    const int channel = blockIdx.y * WARP + threadIdx.x;
    const bool inside = image < images && channel < channels;
    const T* from = row_of(pixels, static_cast<long long>(image) * pixelCount, pStride) + channel;
    T* to = row_of(out, static_cast<long long>(image) * (1 + pixelCount), outStride) + channel;
    float sum = 0.0f;
    if (inside) {
#pragma unroll 1
        for (int p = threadIdx.y; p < pixelCount; p += blockDim.y) {
            float pixel = to_float(*row_of(from, p, pStride));
            sum += pixel;
            from_float(pixel + row_of(positions, 1 + p, channels)[channel], *row_of(to, 1 + p, outStride));
        }
    }
    partial[threadIdx.y * WARP + threadIdx.x] = sum;
    __syncthreads();
    if (inside && threadIdx.y == 0) {
#pragma unroll 1
        for (int w = 1; w < static_cast<int>(blockDim.y); w++) {
            sum += partial[w * WARP + threadIdx.x];
        }
        from_float(sum / pixelCount + positions[channel], *to);
    }
}
