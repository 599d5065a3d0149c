// What runs an ensemble in Triton's Python backend as bytes of the program, which then needs no file beside it.
#include "CTritonModel.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char model[] = {
#embed "model.py" suffix(,)
    0};

const char *consort_triton_model(void) { return (const char *)model; }
