// The files of the server's page as bytes of the program, which then needs no file beside it.
#include "CServingPage.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char html[] = {
#embed "Page/page.html" suffix(,)
    0};

static const unsigned char script[] = {
#embed "Page/page.js" suffix(,)
    0};

static const unsigned char style[] = {
#embed "Page/page.css" suffix(,)
    0};

const char *consort_serving_html(void) { return (const char *)html; }
const char *consort_serving_script(void) { return (const char *)script; }
const char *consort_serving_style(void) { return (const char *)style; }
