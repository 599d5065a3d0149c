// How often this machine does not run a program that never waits: other guests have the processors then, or the kernel.
//
//   pauses SECONDS
//
// A thread is bound to each processor and reads the clock without end. Prints JSON: the number of gaps above 0.2 ms a second, the
// share of the time that they take, over all processors, and the longest, in ms. No latency can be more even than that.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double seconds;

typedef struct {
  int processor, count;
  double total, longest;
} Gaps;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void *watch(void *argument) {
  Gaps *gaps = argument;
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(gaps->processor, &only);
  pthread_setaffinity_np(pthread_self(), sizeof only, &only);
  const double begin = now();
  for (double last = begin; last - begin < seconds;) {
    const double time = now(), gap = time - last;
    if (gap > 2e-4) {
      gaps->count++;
      gaps->total += gap;
      if (gap > gaps->longest) gaps->longest = gap;
    }
    last = time;
  }
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 2 || (seconds = atof(arguments[1])) <= 0) return fprintf(stderr, "usage: pauses SECONDS\n"), 2;
  const int processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
  Gaps *gaps = calloc(processors, sizeof *gaps);
  pthread_t *threads = calloc(processors, sizeof *threads);
  if (gaps == NULL || threads == NULL) return 1;
  for (int index = 0; index < processors; index++) {
    gaps[index].processor = index;
    if (pthread_create(&threads[index], NULL, watch, &gaps[index]) != 0) return 1;
  }
  Gaps all = {0};
  for (int index = 0; index < processors; index++) {
    pthread_join(threads[index], NULL);
    all.count += gaps[index].count;
    all.total += gaps[index].total;
    if (gaps[index].longest > all.longest) all.longest = gaps[index].longest;
  }
  printf("{\"each_second\": %.2f, \"share\": %.5f, \"longest_ms\": %.2f}\n", all.count / seconds,
         all.total / seconds / processors, all.longest * 1e3);
  return 0;
}
