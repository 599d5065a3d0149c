#ifndef CPNG_H
#define CPNG_H

#include <stddef.h>
#include <stdint.h>

/// libpng reports errors by longjmp, which Swift code cannot stand in the way of; these functions keep the jump in C.
/// Both return 0, or another number and libpng's words in `message`, ended by a zero byte.

/// Reads the width and the height, in pixels, from the header of the PNG file in `data`.
int consort_png_read_size(
    const uint8_t *data, size_t count, uint32_t *width, uint32_t *height, char *message,
    size_t message_capacity);

/// Decodes the PNG file in `data` into `pixels`, rows from the top, without padding, 4 bytes a pixel: red, green, blue
/// and one without meaning.
///
/// `pixels` has `capacity` bytes, which must be 4 * width * height. Greys and palettes become RGB, of 16 bits the
/// higher 8 stay, transparency is dropped. A file that ends early or fails a checksum is an error.
int consort_png_decode(
    const uint8_t *data, size_t count, uint8_t *pixels, size_t capacity, char *message,
    size_t message_capacity);

/// Encodes `pixels`, rows from the top, without padding, 3 bytes a pixel, red, green and blue, as a PNG file.
///
/// Writes at most `*count` bytes into `data` and sets `*count` to the file's size. Returns 0; 1 where it does not fit,
/// and `*count` says how many bytes it takes; 2 where libpng fails.
int consort_png_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t *data, size_t *count);

#endif
