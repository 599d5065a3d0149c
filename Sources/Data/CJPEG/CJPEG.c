#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// A progressive file of more scans than this is made to take long.
enum { largest_scan_count = 500, bytes_per_pixel = 4, margin = 2 };

struct consort_jpeg {
  struct jpeg_decompress_struct decompress;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  struct consort_jpeg_area area;
  int is_damaged;
  char message[JMSG_LENGTH_MAX];
};

static void fail(j_common_ptr common) {
  struct consort_jpeg *jpeg = common->client_data;
  common->err->format_message(common, jpeg->message);
  longjmp(jpeg->jump, 1);
}

// A file that ends early is an error, as to Pillow. Other warnings are not; those below change pixels.
static void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  struct consort_jpeg *jpeg = common->client_data;
  switch (common->err->msg_code) {
    case JWRN_JPEG_EOF: fail(common); break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_TOO_MUCH_DATA: jpeg->is_damaged = 1; break;
    default: break;
  }
}

static void pass_over(j_common_ptr common) { (void)common; }

static void check_scans(j_common_ptr common) {
  struct consort_jpeg *jpeg = common->client_data;
  if (jpeg->decompress.input_scan_number <= largest_scan_count) return;
  snprintf(jpeg->message, sizeof jpeg->message, "it has more than %d scans", largest_scan_count);
  longjmp(jpeg->jump, 1);
}

static int misuse(struct consort_jpeg *jpeg, const char *text) {
  jpeg_abort_decompress(&jpeg->decompress);
  snprintf(jpeg->message, sizeof jpeg->message, "%s", text);
  return 1;
}

consort_jpeg *consort_jpeg_create(void) {
  struct consort_jpeg *jpeg = calloc(1, sizeof *jpeg);
  if (jpeg == NULL) return NULL;
  jpeg->decompress.err = jpeg_std_error(&jpeg->errors);
  jpeg->errors.error_exit = fail;
  jpeg->errors.emit_message = on_message;
  jpeg->errors.output_message = pass_over;
  jpeg->decompress.client_data = jpeg;
  if (setjmp(jpeg->jump)) {
    free(jpeg);
    return NULL;
  }
  jpeg_create_decompress(&jpeg->decompress);
  jpeg->decompress.client_data = jpeg;
  jpeg->progress.progress_monitor = check_scans;
  jpeg->decompress.progress = &jpeg->progress;
  return jpeg;
}

void consort_jpeg_destroy(consort_jpeg *jpeg) {
  if (jpeg == NULL) return;
  jpeg_destroy_decompress(&jpeg->decompress);
  free(jpeg);
}

int consort_jpeg_is_damaged(const consort_jpeg *jpeg) { return jpeg->is_damaged; }

const char *consort_jpeg_message(const consort_jpeg *jpeg) { return jpeg->message; }

int consort_jpeg_read_header(
    consort_jpeg *jpeg, const uint8_t *data, size_t count, uint32_t *width, uint32_t *height) {
  struct jpeg_decompress_struct *decompress = &jpeg->decompress;
  if (setjmp(jpeg->jump)) {
    jpeg_abort_decompress(decompress);
    return 1;
  }
  jpeg_abort_decompress(decompress);
  jpeg->is_damaged = 0;
  jpeg_mem_src(decompress, data, count);
  if (jpeg_read_header(decompress, TRUE) != JPEG_HEADER_OK) {
    return misuse(jpeg, "it holds no image");
  }
  *width = decompress->image_width;
  *height = decompress->image_height;
  return 0;
}

// Columns beside the area that are decoded too: smooth chroma upsampling looks at its neighbours.
static void crop_columns(struct jpeg_decompress_struct *decompress, struct consort_jpeg_area *area) {
  uint32_t left = area->x > margin ? area->x - margin : 0;
  uint32_t right = area->x + area->width;
  right = decompress->output_width - right > margin ? right + margin : decompress->output_width;
  if (left == 0 && right == decompress->output_width) {
    area->x = 0;
    area->width = right;
    return;
  }
  JDIMENSION x = left, width = right - left;
  jpeg_crop_scanline(decompress, &x, &width);
  area->x = x;
  area->width = width;
}

int consort_jpeg_start(consort_jpeg *jpeg, uint32_t denominator, struct consort_jpeg_area *area) {
  struct jpeg_decompress_struct *decompress = &jpeg->decompress;
  if (setjmp(jpeg->jump)) {
    jpeg_abort_decompress(decompress);
    return 1;
  }
  J_COLOR_SPACE space = decompress->jpeg_color_space;
  decompress->out_color_space =
      space == JCS_CMYK || space == JCS_YCCK ? JCS_CMYK : JCS_EXT_RGBX;
  decompress->scale_num = 1;
  decompress->scale_denom = denominator;
  decompress->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(decompress);
  if (area->width == 0 || area->height == 0 || area->x > decompress->output_width ||
      area->width > decompress->output_width - area->x || area->y > decompress->output_height ||
      area->height > decompress->output_height - area->y) {
    return misuse(jpeg, "the area is not within the image");
  }
  crop_columns(decompress, area);
  jpeg->area = *area;
  return 0;
}

static void multiply_out(uint8_t *pixels, size_t count) {
  for (size_t index = 0; index < count; index++) {
    uint8_t *pixel = pixels + bytes_per_pixel * index;
    unsigned black = pixel[3];
    for (int channel = 0; channel < 3; channel++) {
      pixel[channel] = (uint8_t)((pixel[channel] * black + 127) / 255);
    }
  }
}

int consort_jpeg_read(consort_jpeg *jpeg, uint8_t *pixels, size_t capacity) {
  struct jpeg_decompress_struct *decompress = &jpeg->decompress;
  if (setjmp(jpeg->jump)) {
    jpeg_abort_decompress(decompress);
    return 1;
  }
  size_t row_bytes = (size_t)jpeg->area.width * bytes_per_pixel;
  if (jpeg->area.width != decompress->output_width || row_bytes == 0 ||
      capacity / row_bytes != jpeg->area.height || capacity % row_bytes != 0) {
    return misuse(jpeg, "the pixels have another size than expected");
  }
  if (jpeg->area.y > 0) jpeg_skip_scanlines(decompress, jpeg->area.y);
  for (size_t row = 0; row < jpeg->area.height;) {
    JSAMPROW target = pixels + row * row_bytes;
    JDIMENSION count = jpeg_read_scanlines(decompress, &target, 1);
    if (count == 0) return misuse(jpeg, "it ends before its pixels do");
    row += count;
  }
  if (decompress->out_color_space == JCS_CMYK) {
    multiply_out(pixels, (size_t)jpeg->area.width * jpeg->area.height);
  }
  if (decompress->output_scanline == decompress->output_height) {
    jpeg_finish_decompress(decompress);
  } else {
    jpeg_abort_decompress(decompress);
  }
  return 0;
}
