#ifndef CONSORT_TRITON_MODEL_H
#define CONSORT_TRITON_MODEL_H

// model.py, in UTF-8, as it stands beside this directory.
const char *consort_triton_model(void);

#endif
