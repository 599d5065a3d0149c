#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

struct reading {
  const uint8_t *data;
  size_t count, offset;
  char *message;
  size_t message_capacity;
};

static void on_error(png_structp png, png_const_charp text) {
  struct reading *reading = png_get_error_ptr(png);
  if (reading->message_capacity > 0) {
    size_t length = strlen(text);
    if (length >= reading->message_capacity) length = reading->message_capacity - 1;
    memcpy(reading->message, text, length);
    reading->message[length] = 0;
  }
  png_longjmp(png, 1);
}

// A warning is about parts that do not change the pixels, such as a faulty colour profile or text.
static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
  struct reading *reading = png_get_io_ptr(png);
  if (count > reading->count - reading->offset) png_error(png, "the file ends early");
  memcpy(target, reading->data + reading->offset, count);
  reading->offset += count;
}

static png_structp start(struct reading *reading) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reading, on_error, on_warning);
  if (png == NULL) return NULL;
  png_set_read_fn(png, reading, read_bytes);
  return png;
}

int consort_png_read_size(
    const uint8_t *data, size_t count, uint32_t *width, uint32_t *height, char *message,
    size_t message_capacity) {
  struct reading reading = {data, count, 0, message, message_capacity};
  png_structp png = start(&reading);
  if (png == NULL) return 2;
  png_infop info = png_create_info_struct(png);
  if (info == NULL || setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  png_read_info(png, info);
  *width = png_get_image_width(png, info);
  *height = png_get_image_height(png, info);
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}

int consort_png_decode(
    const uint8_t *data, size_t count, uint8_t *pixels, size_t capacity, char *message,
    size_t message_capacity) {
  struct reading reading = {data, count, 0, message, message_capacity};
  png_structp png = start(&reading);
  if (png == NULL) return 2;
  png_infop info = png_create_info_struct(png);
  png_bytep *volatile rows = NULL;
  if (info == NULL || setjmp(png_jmpbuf(png))) {
    free((void *)rows);
    png_destroy_read_struct(&png, &info, NULL);
    return 1;
  }
  png_read_info(png, info);
  png_set_expand(png);
  png_set_strip_16(png);
  png_set_gray_to_rgb(png);
  png_set_strip_alpha(png);
  png_set_filler(png, 0xFF, PNG_FILLER_AFTER);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t height = png_get_image_height(png, info);
  size_t row_bytes = png_get_rowbytes(png, info);
  if (row_bytes != (size_t)png_get_image_width(png, info) * 4 || row_bytes == 0 ||
      height != capacity / row_bytes || capacity % row_bytes != 0) {
    png_error(png, "the image has another size than expected");
  }
  rows = malloc(height * sizeof(png_bytep));
  if (rows == NULL) png_error(png, "out of memory");
  for (size_t row = 0; row < height; row++) rows[row] = pixels + row * row_bytes;
  png_read_image(png, rows);
  png_read_end(png, NULL);
  free((void *)rows);
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}

int consort_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t *data, size_t *count) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_RGB;
  size_t capacity = *count;
  png_alloc_size_t size = capacity;
  if (png_image_write_to_memory(&image, data, &size, 0, pixels, 0, NULL)) {
    *count = size;
    return 0;
  }
  int does_not_fit = size > capacity;
  *count = size;
  png_image_free(&image);
  return does_not_fit ? 1 : 2;
}
