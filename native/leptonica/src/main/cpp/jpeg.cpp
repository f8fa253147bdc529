// JPEG through libjpeg-turbo, which Leptonica's library contains and exports: org.clip4j.leptonica.JpegLibrary. Leptonica's
// own reader composes 32-bit words pixel by pixel and allocates each image anew; here rows go where the caller wants them,
// and only those pixels are computed that it will read.
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include "org_clip4j_leptonica_JpegLibrary.h"

namespace {

// Columns and rows that are decoded beside those wanted, where the image has them: at the edges of what is decoded,
// interpolated chroma (one sample, at most 4 pixels) is not what it is within the image, and neither are the two blocks (of
// at most 4 x 8 pixels) by which incomplete progressive images are smoothed.
constexpr JDIMENSION MARGIN = 8;
constexpr JDIMENSION SMOOTHED = 64;
// A first column is moved left to a whole MCU: at most 4 samples for each of 8 columns of a block.
constexpr JDIMENSION MCU = 32;
constexpr JDIMENSION SLACK = MARGIN + SMOOTHED + MCU;

struct Decoding {
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jmp_buf failed;
  char message[JMSG_LENGTH_MAX];
};

// libjpeg's errors must not return; warnings are passed over, as corrupt data is shown the way that libjpeg shows it.
void fail(j_common_ptr jpeg) {
  Decoding* decoding = reinterpret_cast<Decoding*>(jpeg);
  decoding->errors.format_message(jpeg, decoding->message);
  longjmp(decoding->failed, 1);
}

void say(Decoding& decoding, const char* message) {
  strncpy(decoding.message, message, sizeof(decoding.message) - 1);
  longjmp(decoding.failed, 1);
}

void ignore(j_common_ptr) {}

void ignore_level(j_common_ptr, int) {}

// A file and what its header is known to say.
struct Frame {
  const uint8_t* bytes;
  unsigned long size;
  JDIMENSION width;
  JDIMENSION height;
  int components;
};

struct Window {
  JDIMENSION left;
  JDIMENSION top;
  JDIMENSION width;
  JDIMENSION height;
};

JDIMENSION least(JDIMENSION a, JDIMENSION b) {
  return a < b ? a : b;
}

// Narrows what is computed to the window and its margin; returns the first column of it.
JDIMENSION crop(jpeg_decompress_struct& jpeg, const Window& window) {
  JDIMENSION margin = MARGIN + (jpeg.progressive_mode ? SMOOTHED : 0);
  JDIMENSION left = window.left - least(window.left, margin);
  JDIMENSION width = least(window.left + window.width + margin, jpeg.output_width) - left;
  jpeg_crop_scanline(&jpeg, &left, &width);
  return left;
}

// Rows of which only the bits are read.
void skip(Decoding& decoding, JDIMENSION rows) {
  if (rows > 0 && jpeg_skip_scanlines(&decoding.jpeg, rows) != rows) {
    say(decoding, "rows are missing");
  }
}

void read(Decoding& decoding, uint8_t* row) {
  if (jpeg_read_scanlines(&decoding.jpeg, &row, 1) != 1) {
    say(decoding, "rows are missing");
  }
}

void decode(Decoding& decoding, const Frame& frame, const Window& window, uint8_t* pixels, size_t row_stride) {
  jpeg_decompress_struct& jpeg = decoding.jpeg;
  jpeg_mem_src(&jpeg, frame.bytes, frame.size);
  jpeg_read_header(&jpeg, TRUE);
  if (jpeg.image_width != frame.width || jpeg.image_height != frame.height ||
      jpeg.num_components != frame.components) {
    say(decoding, "its header is ambiguous");
  }
  bool gray = frame.components == 1;
  jpeg.out_color_space = gray ? JCS_GRAYSCALE : JCS_EXT_RGBX;
  size_t pixel = gray ? 1 : 4;
  jpeg_start_decompress(&jpeg);
  JDIMENSION before = window.left - crop(jpeg, window);
  if (before > SLACK || (jpeg.output_width + SLACK) * pixel > row_stride) {
    say(decoding, "its rows are longer than expected");
  }
  skip(decoding, window.top - least(window.top, MARGIN));
  while (jpeg.output_scanline < window.top + window.height) {
    JDIMENSION y = jpeg.output_scanline;
    // Rows above the window are overwritten by its first one.
    read(decoding, pixels + (y < window.top ? 0 : y - window.top) * row_stride + (SLACK - before) * pixel);
  }
  // The rest is read, so that what is corrupt is refused whatever the window is; a skip to the very end reads nothing.
  if (jpeg.output_scanline < frame.height) {
    skip(decoding, frame.height - jpeg.output_scanline - 1);
    read(decoding, pixels + window.height * row_stride);
  }
  jpeg_finish_decompress(&jpeg);
}

}  // namespace

extern "C" {

JNIEXPORT jint JNICALL Java_org_clip4j_leptonica_JpegLibrary_slackPixels(JNIEnv*, jclass) {
  return SLACK;
}

JNIEXPORT jstring JNICALL Java_org_clip4j_leptonica_JpegLibrary_decode(
    JNIEnv* environment, jclass, jobject encoded, jint size, jint width, jint height, jint components, jint left, jint top,
    jint window_width, jint window_height, jobject pixels, jint row_stride) {
  Decoding decoding;
  memset(&decoding, 0, sizeof(decoding));
  decoding.jpeg.err = jpeg_std_error(&decoding.errors);
  decoding.errors.error_exit = fail;
  decoding.errors.output_message = ignore;
  decoding.errors.emit_message = ignore_level;
  const uint8_t* bytes = static_cast<const uint8_t*>(environment->GetDirectBufferAddress(encoded));
  uint8_t* target = static_cast<uint8_t*>(environment->GetDirectBufferAddress(pixels));
  Frame frame = {bytes, static_cast<unsigned long>(size), static_cast<JDIMENSION>(width),
                 static_cast<JDIMENSION>(height), components};
  Window window = {static_cast<JDIMENSION>(left), static_cast<JDIMENSION>(top), static_cast<JDIMENSION>(window_width),
                   static_cast<JDIMENSION>(window_height)};
  if (setjmp(decoding.failed) != 0) {
    jpeg_destroy_decompress(&decoding.jpeg);
    return environment->NewStringUTF(decoding.message);
  }
  jpeg_create_decompress(&decoding.jpeg);
  decode(decoding, frame, window, target, static_cast<size_t>(row_stride));
  jpeg_destroy_decompress(&decoding.jpeg);
  return nullptr;
}

}  // extern "C"
