// The library's face to Java: org.clip4j.simd.SimdLibrary. Addresses are native ones that Java has checked.
#include "affinity.h"
#include "kernels.h"
#include "memory.h"
#include "org_clip4j_simd_SimdLibrary.h"

namespace {

using clip4j::Kernels;

const Kernels& of(jlong kernels) {
  return *reinterpret_cast<const Kernels*>(kernels);
}

template <typename T>
T* at(jlong address) {
  return reinterpret_cast<T*>(address);
}

// Numbers of 4 bytes that fill whole cache lines of 64.
int64_t whole_lines(int64_t numbers) {
  return (numbers + 15) / 16 * 16;
}

// What SimdAxis has written: first inputs, numbers of taps, starts and weights, one after another.
clip4j::Axis axis(jlong address, jint count, jint padded_taps) {
  const int32_t* first = at<const int32_t>(address);
  return {first, first + count, first + 2 * count, first + 3 * count, count, padded_taps};
}

}  // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_org_clip4j_simd_SimdLibrary_kernels(JNIEnv*, jclass, jint level) {
  return reinterpret_cast<jlong>(clip4j::kernels_up_to(level));
}

JNIEXPORT jstring JNICALL Java_org_clip4j_simd_SimdLibrary_name(JNIEnv* environment, jclass, jlong kernels) {
  return environment->NewStringUTF(of(kernels).name);
}

JNIEXPORT jint JNICALL Java_org_clip4j_simd_SimdLibrary_panelColumns(JNIEnv*, jclass, jlong kernels) {
  return of(kernels).panel;
}

JNIEXPORT jlong JNICALL Java_org_clip4j_simd_SimdLibrary_map(JNIEnv*, jclass, jlong bytes) {
  return reinterpret_cast<jlong>(clip4j::map_memory(static_cast<size_t>(bytes)));
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_unmap(JNIEnv*, jclass, jlong address, jlong bytes) {
  clip4j::unmap_memory(at<void>(address), static_cast<size_t>(bytes));
}

JNIEXPORT jobject JNICALL Java_org_clip4j_simd_SimdLibrary_buffer(JNIEnv* environment, jclass, jlong address,
                                                                  jlong bytes) {
  return environment->NewDirectByteBuffer(at<void>(address), bytes);
}

JNIEXPORT jintArray JNICALL Java_org_clip4j_simd_SimdLibrary_affinity(JNIEnv* environment, jclass, jboolean first) {
  jint processors[clip4j::MOST_PROCESSORS];
  jint count = clip4j::affinity(first == JNI_TRUE, processors);
  jintArray array = environment->NewIntArray(count);
  if (array != nullptr) {
    environment->SetIntArrayRegion(array, 0, count, processors);
  }
  return array;
}

JNIEXPORT jint JNICALL Java_org_clip4j_simd_SimdLibrary_bindThread(JNIEnv* environment, jclass, jintArray array) {
  jint processors[clip4j::MOST_PROCESSORS];
  jint count = environment->GetArrayLength(array);
  if (count > clip4j::MOST_PROCESSORS) {
    count = clip4j::MOST_PROCESSORS;
  }
  environment->GetIntArrayRegion(array, 0, count, processors);
  return clip4j::bind_thread(processors, count);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_pack(JNIEnv*, jclass, jlong kernels, jint form, jint type,
                                                             jlong weights, jint depth, jint columns, jint first_panel,
                                                             jint last_panel, jlong packed, jlong scales) {
  clip4j::Packing call = {static_cast<clip4j::Form>(form), static_cast<clip4j::Type>(type), at<void>(weights), depth,
                          columns, first_panel, last_panel, at<void>(packed), at<float>(scales)};
  of(kernels).pack(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_linear(
    JNIEnv*, jclass, jlong kernels, jint form, jint activation, jlong weights, jlong bias, jlong scales, jint depth,
    jint columns, jint first_panel, jint last_panel, jlong x, jlong x_stride, jlong x_scales, jlong out,
    jlong out_stride, jint rows, jboolean add) {
  clip4j::Linear call = {static_cast<clip4j::Form>(form), activation, at<void>(weights), at<float>(bias),
                         at<float>(scales), depth, columns, first_panel, last_panel, at<void>(x), x_stride,
                         at<float>(x_scales), at<float>(out), out_stride, rows, add == JNI_TRUE};
  of(kernels).linear(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_convolve(
    JNIEnv*, jclass, jlong kernels, jboolean channels_last, jint height, jint width, jint channels, jint kernel,
    jint stride, jint padding, jint out_height, jint out_width, jint activation, jlong weights, jlong bias,
    jint columns, jint first_panel, jint last_panel, jlong x, jlong out, jlong out_stride, jint first_row,
    jint last_row, jboolean add) {
  clip4j::Images images = {channels_last == JNI_TRUE, height, width, channels, kernel, stride, padding, out_height,
                           out_width};
  clip4j::Convolution call = {images, activation, at<float>(weights), at<float>(bias), columns, first_panel, last_panel,
                              at<float>(x), at<float>(out), out_stride, first_row, last_row, add == JNI_TRUE};
  of(kernels).convolve(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_quantize(JNIEnv*, jclass, jlong kernels, jlong x,
                                                                 jlong x_stride, jint rows, jint columns, jlong out,
                                                                 jlong out_stride, jlong scales) {
  clip4j::Quantization call = {at<float>(x), x_stride, rows, columns, at<int16_t>(out), out_stride, at<float>(scales)};
  of(kernels).quantize(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_product(
    JNIEnv*, jclass, jlong kernels, jlong a, jlong a_stride, jboolean transpose_a, jlong b, jlong b_stride,
    jboolean transpose_b, jlong c, jlong c_stride, jint m, jint n, jint k, jfloat scale, jboolean add, jlong scratch) {
  clip4j::Product call = {at<float>(a), at<float>(b), at<float>(c), a_stride, b_stride, c_stride, m, n, k,
                          transpose_a == JNI_TRUE, transpose_b == JNI_TRUE, add == JNI_TRUE, scale,
                          at<float>(scratch)};
  of(kernels).product(call);
}

JNIEXPORT jint JNICALL Java_org_clip4j_simd_SimdLibrary_packingVersion(JNIEnv*, jclass) {
  return clip4j::PACKING;
}

JNIEXPORT jint JNICALL Java_org_clip4j_simd_SimdLibrary_productScratchFloats(JNIEnv*, jclass) {
  return static_cast<jint>(clip4j::PRODUCT_SCRATCH);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_layerNorm(JNIEnv*, jclass, jlong kernels, jlong x,
                                                                  jlong x_stride, jlong out, jlong out_stride,
                                                                  jint rows, jint columns, jlong gain, jlong bias,
                                                                  jfloat epsilon) {
  clip4j::Rows call = {at<float>(x), x_stride, at<float>(out), out_stride, rows, columns, at<float>(gain),
                       at<float>(bias), epsilon};
  of(kernels).layer_norm(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_l2Normalize(JNIEnv*, jclass, jlong kernels, jlong x,
                                                                    jlong x_stride, jlong out, jlong out_stride,
                                                                    jint rows, jint columns) {
  clip4j::Rows call = {at<float>(x), x_stride, at<float>(out), out_stride, rows, columns, nullptr, nullptr, 0};
  of(kernels).l2_normalize(call);
}

JNIEXPORT jlong JNICALL Java_org_clip4j_simd_SimdLibrary_attentionFloats(JNIEnv*, jclass, jlong kernels,
                                                                         jint head_width, jint keys, jint integers) {
  return whole_lines(integers) + of(kernels).attention_floats(head_width, keys);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_attention(
    JNIEnv* environment, jclass, jlong kernels, jint heads, jint head_width, jboolean causal, jfloat scale, jlong q,
    jlong q_stride, jlong k, jlong k_stride, jlong v, jlong v_stride, jlong out, jlong out_stride,
    jintArray query_offsets, jintArray key_offsets, jintArray key_rows, jint first_pair, jint last_pair,
    jlong scratch) {
  // What Java keeps of the segments of these pairs is copied: pinning an array could hold up the garbage collector.
  jint first = first_pair / heads;
  jint count = (last_pair - 1) / heads - first + 2;
  jint* queries = at<jint>(scratch);
  jint* keys = queries + count;
  jint* rows = key_rows == nullptr ? nullptr : keys + count;
  environment->GetIntArrayRegion(query_offsets, first, count, queries);
  environment->GetIntArrayRegion(key_offsets, first, count, keys);
  int64_t integers = 2 * static_cast<int64_t>(count);
  if (rows != nullptr) {
    jint some = keys[count - 1] - keys[0];
    environment->GetIntArrayRegion(key_rows, keys[0], some, rows);
    integers += some;
  }
  clip4j::Attention call = {at<float>(q), q_stride, at<float>(k), k_stride, at<float>(v), v_stride, at<float>(out),
                            out_stride, heads, head_width, scale, causal == JNI_TRUE, queries, keys, rows, first_pair,
                            last_pair, at<float>(scratch) + whole_lines(integers)};
  of(kernels).attention(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_epilogue(JNIEnv*, jclass, jlong kernels, jlong x,
                                                                 jlong x_stride, jlong scales, jlong out,
                                                                 jlong out_stride, jint rows, jint columns, jlong bias,
                                                                 jint activation, jboolean add) {
  clip4j::Epilogue call = {at<float>(x), x_stride, at<float>(scales), at<float>(out), out_stride, rows, columns,
                           at<float>(bias), activation, add == JNI_TRUE};
  of(kernels).epilogue(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_packAxis(JNIEnv*, jclass, jlong kernels, jlong weights,
                                                                 jint count, jint padded_taps, jboolean columns,
                                                                 jlong packed) {
  of(kernels).pack_axis(axis(weights, count, padded_taps), columns == JNI_TRUE, at<int32_t>(packed));
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_resample(
    JNIEnv* environment, jclass, jlong kernels, jobject samples, jlong first_pixel, jint row_stride, jint pixel_stride,
    jint red, jint green, jint blue, jint from_column, jint to_column, jint to_row, jint size, jlong columns,
    jint column_taps, jlong packed_columns, jlong rows, jint row_taps, jlong packed_rows, jlong ring, jint ring_rows,
    jint ring_stride, jlong row, jlong unpacked, jint unpacked_stride, jlong levels, jobject planes, jint offset) {
  jlong start = reinterpret_cast<jlong>(environment->GetDirectBufferAddress(samples));
  float* target = static_cast<float*>(environment->GetDirectBufferAddress(planes)) + offset;
  clip4j::Resampling call = {at<uint8_t>(start + first_pixel),
                             at<uint8_t>(start + environment->GetDirectBufferCapacity(samples)),
                             row_stride,
                             pixel_stride,
                             {red, green, blue},
                             from_column,
                             to_column,
                             to_row,
                             axis(columns, size, column_taps),
                             axis(rows, size, row_taps),
                             at<int32_t>(packed_columns),
                             at<int32_t>(packed_rows),
                             at<uint8_t>(ring),
                             ring_rows,
                             ring_stride,
                             at<uint8_t>(row),
                             at<uint8_t>(unpacked),
                             unpacked_stride,
                             at<float>(levels),
                             target};
  of(kernels).resample(call);
}

JNIEXPORT jint JNICALL Java_org_clip4j_simd_SimdLibrary_searchScratchFloats(JNIEnv*, jclass, jlong kernels,
                                                                            jint queries, jint width) {
  return static_cast<jint>(of(kernels).search_scratch(queries, width));
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_beginSearch(JNIEnv*, jclass, jlong kernels, jlong x,
                                                                    jlong x_stride, jint queries, jint width, jint k,
                                                                    jlong keys, jlong scratch, jlong x_codes,
                                                                    jlong x_scales) {
  clip4j::Search call = {};
  call.width = width;
  call.x = at<float>(x);
  call.x_stride = x_stride;
  call.queries = queries;
  call.k = k;
  call.keys = at<int64_t>(keys);
  call.scratch = at<void>(scratch);
  call.x_codes = at<int16_t>(x_codes);
  call.x_scales = at<float>(x_scales);
  of(kernels).begin_search(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_search(JNIEnv*, jclass, jlong kernels, jint type, jlong rows,
                                                               jint first_row, jint row_count, jint width, jlong x,
                                                               jlong x_stride, jint queries, jint k, jlong margins,
                                                               jlong keys, jlong scratch, jlong codes,
                                                               jlong scales, jlong x_codes, jlong x_scales) {
  clip4j::Search call = {static_cast<clip4j::Type>(type), at<void>(rows), first_row, row_count, width, at<float>(x),
                         x_stride, queries, k, at<double>(margins), at<int64_t>(keys), at<void>(scratch),
                         at<int8_t>(codes), at<float>(scales), at<int16_t>(x_codes), at<float>(x_scales)};
  of(kernels).search(call);
}

JNIEXPORT jfloat JNICALL Java_org_clip4j_simd_SimdLibrary_readAll(JNIEnv*, jclass, jlong kernels, jlong values,
                                                                  jlong count) {
  return of(kernels).read_all(at<float>(values), count);
}

JNIEXPORT jfloat JNICALL Java_org_clip4j_simd_SimdLibrary_multiplyRounds(JNIEnv*, jclass, jlong kernels,
                                                                         jlong rounds) {
  return of(kernels).multiply_rounds(rounds);
}

JNIEXPORT jlong JNICALL Java_org_clip4j_simd_SimdLibrary_roundOperations(JNIEnv*, jclass, jlong kernels) {
  return of(kernels).round_operations;
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_toBf16(JNIEnv*, jclass, jlong kernels, jlong x, jlong x_stride,
                                                               jint rows, jint columns, jlong out) {
  clip4j::Conversion call = {at<float>(x), x_stride, rows, columns, at<void>(out), nullptr};
  of(kernels).to_bf16(call);
}

JNIEXPORT void JNICALL Java_org_clip4j_simd_SimdLibrary_toBytes(JNIEnv*, jclass, jlong kernels, jlong x,
                                                                jlong x_stride, jint rows, jint columns, jlong out,
                                                                jlong scales) {
  clip4j::Conversion call = {at<float>(x), x_stride, rows, columns, at<void>(out), at<float>(scales)};
  of(kernels).to_bytes(call);
}

}  // extern "C"
