// One source for each width of vectors; the processor's is chosen when the program runs.
#ifndef CONSORT_DISPATCH_H
#define CONSORT_DISPATCH_H

#if defined(__x86_64__) && defined(__linux__)
#define CONSORT_HAS_WIDTHS 1
/// Compiles a function for AVX-512, or for AVX2: to be called where `consort_width()` is as wide.
#define FOR_512 __attribute__((target("arch=x86-64-v4")))
#define FOR_256 __attribute__((target("arch=x86-64-v3")))
/// Compiles a function for each width; the loader chooses.
#define EVERY_WIDTH __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CONSORT_HAS_WIDTHS 0
#define EVERY_WIDTH
#endif

// What is not inlined would be compiled for the plainest processor.
#define INLINED __attribute__((always_inline)) inline

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { CONSORT_PLAIN, CONSORT_256, CONSORT_512 } consort_vectors;

/// The widest vectors that this processor has.
consort_vectors consort_width(void);

#ifdef __cplusplus
}
#endif

#endif
