#ifndef CJPEG_H
#define CJPEG_H

#include <stddef.h>
#include <stdint.h>

/// libjpeg reports errors by longjmp, which Swift code cannot stand in the way of; these functions keep the jump in C.
/// Those that return an int return 0, or 1 where the decoder's message says what failed. A file that ends early has failed;
/// of other damage libjpeg makes what it can, as it does for Pillow, and `consort_jpeg_is_damaged` says so.

/// A decoder, used by one thread for one image after another.
typedef struct consort_jpeg consort_jpeg;

/// A rectangle of an image, in pixels.
struct consort_jpeg_area {
  uint32_t x, y, width, height;
};

/// Returns a new decoder, or NULL where memory is short.
consort_jpeg *consort_jpeg_create(void);

/// Frees `jpeg`, which may be NULL.
void consort_jpeg_destroy(consort_jpeg *jpeg);

/// Says what failed last, in libjpeg's words; it holds until the decoder's next use.
const char *consort_jpeg_message(const consort_jpeg *jpeg);

/// Returns whether pixels read since the header are not those that were written, because the data is damaged.
int consort_jpeg_is_damaged(const consort_jpeg *jpeg);

/// Reads the header of the file in `data`, which must stay until the pixels are read or another header is.
int consort_jpeg_read_header(
    consort_jpeg *jpeg, const uint8_t *data, size_t count, uint32_t *width, uint32_t *height);

/// Prepares to read `area` of the image whose header was read, at 1 / `denominator` (1, 2, 4 or 8) of its size, rounded
/// up. `area` is in pixels of that size and lies within it; it grows to the columns that will be read.
///
/// The pixels of the area asked for are those that the whole image has there; columns that it grew by may differ.
int consort_jpeg_start(consort_jpeg *jpeg, uint32_t denominator, struct consort_jpeg_area *area);

/// Decodes the area to `pixels`, 4 bytes a pixel: red, green, blue and one without meaning. Adobe's inverted CMYK is
/// multiplied out, without a colour profile.
///
/// `capacity` must be 4 * width * height of the area that `consort_jpeg_start` gave. What follows the area's last row
/// is not looked at; an area that ends with the image is checked to the end of the file.
int consort_jpeg_read(consort_jpeg *jpeg, uint8_t *pixels, size_t capacity);

#endif
