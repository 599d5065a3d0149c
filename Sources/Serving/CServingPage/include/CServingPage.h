#ifndef CONSORT_SERVING_PAGE_H
#define CONSORT_SERVING_PAGE_H

// The files of the server's page, in UTF-8, each as it stands in Page/.
const char *consort_serving_html(void);
const char *consort_serving_script(void);
const char *consort_serving_style(void);

#endif
