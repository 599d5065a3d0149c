// Sends requests at fixed times, whether or not earlier ones are answered, and measures each from when it was meant to be sent.
//
//   open_loop PORT PATH BODIES CONNECTIONS RATE SECONDS [--count N] [--poisson] [--mark TEXT] [--reference FILE] [--log FILE]
//     [--stop-file FILE]
//
// HOST is 127.0.0.1, or that of $OPEN_LOOP_HOST. RATE is requests a second over all connections; at 0 each connection asks
// again when it has its answer. A request waits for a free connection, and its latency counts that. BODIES is what
// bodies.py writes: records of two little-endian 32-bit numbers, the length of the head in JSON and of all, and the bytes;
// they are sent in order, again and again. --count ends after so many requests, --stop-file when there is such a file, --mark counts answers that hold TEXT.
// --reference has for each body one row or several of float32: an answer whose last bytes are within 1e-5 of none is wrong.
// Prints JSON. --log writes a line for each request: seconds when it was meant to be sent, seconds until its answer, status
// (0: none), whether it is marked, which row of the reference it equals (-1: none).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { maximumBodies = 1 << 16, bufferSize = 1 << 18 };

typedef struct {
  double intended, latency;
  int16_t status, row;
  uint8_t marked;
} Answer;

typedef struct {
  int file, isBusy, isOpen;
  size_t request;     // its place among the answers
  size_t sent;        // bytes of the request
  size_t received, needed;  // bytes of the answer; needed is 0 while its head is not whole
  char *buffer;
} Connection;

static struct { char *bytes; size_t count; } requests[maximumBodies];
static size_t bodyCount, rowCount, classCount;
static float *reference;
static const char *mark;
static Answer *answers;
static size_t answerCount, done, unanswered, reconnections;
static struct sockaddr_in address;
static int poll_file;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void *whole(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  fseek(file, 0, SEEK_END);
  *count = (size_t)ftell(file);
  rewind(file);
  void *bytes = malloc(*count + 1);
  if (fread(bytes, 1, *count, file) != *count) fail(path);
  fclose(file);
  return bytes;
}

static void readBodies(const char *path, const char *target) {
  size_t count, place = 0;
  char *bytes = whole(path, &count);
  while (place + 8 <= count && bodyCount < maximumBodies) {
    uint32_t head, length;
    memcpy(&head, bytes + place, 4);
    memcpy(&length, bytes + place + 4, 4);
    char text[512], extra[64] = "";
    if (head != UINT32_MAX) snprintf(extra, sizeof extra, "Inference-Header-Content-Length: %u\r\n", head);
    int size = snprintf(text, sizeof text,
                        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n%sContent-Length: %u\r\n\r\n", target,
                        head == UINT32_MAX ? "application/json" : "application/octet-stream", extra, length);
    requests[bodyCount].bytes = malloc(size + length);
    memcpy(requests[bodyCount].bytes, text, size);
    memcpy(requests[bodyCount].bytes + size, bytes + place + 8, length);
    requests[bodyCount++].count = size + length;
    place += 8 + length;
  }
  free(bytes);
  if (bodyCount == 0) fail("no bodies");
}

static void watch(Connection *connection, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(poll_file, operation, connection->file, &event) != 0) fail("epoll_ctl");
}

static void connectAgain(Connection *connection) {
  connection->file = socket(AF_INET, SOCK_STREAM, 0);
  connection->isBusy = 0;
  connection->isOpen = connect(connection->file, (struct sockaddr *)&address, sizeof address) == 0;
  if (!connection->isOpen) {
    close(connection->file);
    return;
  }
  int one = 1;
  setsockopt(connection->file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(connection->file, F_SETFL, O_NONBLOCK);
  watch(connection, EPOLLIN, EPOLL_CTL_ADD);
}

static void lose(Connection *connection) {
  if (connection->isBusy) {
    answers[connection->request].latency = now() - answers[connection->request].intended;
    done++;
    unanswered++;
  }
  close(connection->file);
  reconnections++;
  connectAgain(connection);
}

static void pushOut(Connection *connection) {
  size_t body = connection->request % bodyCount;
  while (connection->sent < requests[body].count) {
    ssize_t count = send(connection->file, requests[body].bytes + connection->sent, requests[body].count - connection->sent,
                         MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) return watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    if (count < 0) return lose(connection);
    connection->sent += count;
  }
  watch(connection, EPOLLIN, EPOLL_CTL_MOD);
}

static void begin(Connection *connection, size_t request) {
  connection->isBusy = 1;
  connection->request = request;
  connection->sent = connection->received = connection->needed = 0;
  size_t body = request % bodyCount;
  ssize_t count = send(connection->file, requests[body].bytes, requests[body].count, MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN) return lose(connection);
  connection->sent = count < 0 ? 0 : count;
  if (connection->sent < requests[body].count) pushOut(connection);
}

static int16_t rowOf(size_t body, const char *end) {
  float values[4096];
  memcpy(values, end - 4 * classCount, 4 * classCount);
  for (size_t row = 0; row < rowCount; row++) {
    const float *expected = reference + (body * rowCount + row) * classCount;
    size_t place = 0;
    while (place < classCount && fabsf(values[place] - expected[place]) <= 1e-5f) place++;
    if (place == classCount) return (int16_t)row;
  }
  return -1;
}

static void take(Connection *connection) {
  for (;;) {
    ssize_t count = recv(connection->file, connection->buffer + connection->received, bufferSize - connection->received, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return lose(connection);
    if (!connection->isBusy) continue;
    connection->received += count;
    if (connection->needed == 0) {
      char *end = memmem(connection->buffer, connection->received, "\r\n\r\n", 4);
      if (!end) continue;
      *end = 0;
      char *length = strcasestr(connection->buffer, "\r\ncontent-length:");
      if (!length) return lose(connection);
      connection->needed = (end + 4 - connection->buffer) + strtoul(length + 17, NULL, 10);
      if (connection->needed > bufferSize) return lose(connection);
    }
    if (connection->received < connection->needed) continue;
    Answer *answer = &answers[connection->request];
    answer->latency = now() - answer->intended;
    answer->status = (int16_t)atoi(connection->buffer + 9);
    answer->marked = mark && memmem(connection->buffer, connection->needed, mark, strlen(mark)) != NULL;
    answer->row = reference && answer->status == 200 && connection->needed > 4 * classCount
                      ? rowOf(connection->request % bodyCount, connection->buffer + connection->needed) : -1;
    connection->isBusy = 0;
    done++;
    return;
  }
}

static int ascending(const void *first, const void *second) {
  double a = *(const double *)first, b = *(const double *)second;
  return (a > b) - (a < b);
}

static void report(double seconds, double latest) {
  double *latencies = malloc(sizeof(double) * (done + 1));
  size_t good = 0, other = 0, marked = 0, wrong = 0;
  for (size_t place = 0; place < answerCount; place++) {
    if (answers[place].status == 200) {
      latencies[good++] = answers[place].latency;
      marked += answers[place].marked;
      wrong += reference && answers[place].row < 0;
    } else if (answers[place].status != 0) {
      other++;
    }
  }
  qsort(latencies, good, sizeof(double), ascending);
  printf("{\"requests\": %zu, \"ok\": %zu, \"other_status\": %zu, \"unanswered\": %zu, \"marked\": %zu, \"wrong\": %zu, "
         "\"reconnections\": %zu, \"seconds\": %.6f, \"per_second\": %.3f, \"sent_late_ms\": %.4f",
         answerCount, good, other, unanswered, marked, wrong, reconnections, seconds, good / seconds, 1e3 * latest);
  const double levels[] = {0.5, 0.9, 0.99, 0.999, 1};
  const char *names[] = {"p50", "p90", "p99", "p999", "max"};
  for (size_t level = 0; level < 5 && good > 0; level++) {
    size_t place = (size_t)(levels[level] * good);
    printf(", \"%s_ms\": %.5f", names[level], 1e3 * latencies[place < good ? place : good - 1]);
  }
  printf("}\n");
}

int main(int count, char **arguments) {
  if (count < 7) return fprintf(stderr, "usage: see open_loop.c\n"), 2;
  int connectionCount = atoi(arguments[4]), poisson = 0;
  double rate = atof(arguments[5]), length = atof(arguments[6]);
  size_t most = SIZE_MAX;
  const char *log = NULL, *referencePath = NULL, *stopFile = NULL;
  for (int place = 7; place < count; place++) {
    if (!strcmp(arguments[place], "--poisson")) { poisson = 1; continue; }
    if (place + 1 == count) return 2;
    const char *value = arguments[place + 1];
    if (!strcmp(arguments[place], "--count")) most = strtoull(value, NULL, 10);
    else if (!strcmp(arguments[place], "--mark")) mark = value;
    else if (!strcmp(arguments[place], "--reference")) referencePath = value;
    else if (!strcmp(arguments[place], "--log")) log = value;
    else if (!strcmp(arguments[place], "--stop-file")) stopFile = value;
    else return 2;
    place++;
  }
  readBodies(arguments[3], arguments[2]);
  if (referencePath) {
    // Two 32-bit numbers first: rows for each body, and classes.
    size_t bytes;
    char *all = whole(referencePath, &bytes);
    uint32_t sizes[2];
    memcpy(sizes, all, 8);
    rowCount = sizes[0];
    classCount = sizes[1];
    if (bytes != 8 + 4 * bodyCount * rowCount * classCount || classCount > 4096) return fprintf(stderr, "bad reference\n"), 2;
    reference = (float *)(all + 8);
  }
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(arguments[1]));
  const char *host = getenv("OPEN_LOOP_HOST");
  inet_pton(AF_INET, host ? host : "127.0.0.1", &address.sin_addr);
  size_t capacity = most != SIZE_MAX && rate == 0 ? most : rate > 0 ? (size_t)(rate * length * 1.5) + 1000 : 50000000;
  answers = calloc(capacity, sizeof(Answer));  // pages are taken as they are written
  poll_file = epoll_create1(0);
  Connection *connections = calloc(connectionCount, sizeof(Connection));
  for (int place = 0; place < connectionCount; place++) {
    connections[place].buffer = malloc(bufferSize + 1);
    connectAgain(&connections[place]);
    if (!connections[place].isOpen) fail("connect");
  }
  srand48(1);
  double start = now(), next = start, end = start + length, grace = 70, latest = 0, looked = 0;
  int isFirst = 0;
  for (;;) {
    double time = now();
    if (stopFile && time > looked + 0.1) {
      looked = time;
      if (access(stopFile, F_OK) == 0) {
        end = time;
        stopFile = NULL;
      }
    }
    int mayAsk = answerCount < most && answerCount < capacity && (rate > 0 ? next < end : time < end);
    if (!mayAsk && (done == answerCount || time > end + grace)) break;
    // All that are due, on connections that are free. The search goes on where it ended, so that all are used.
    int busy = 0;
    while (mayAsk && busy < connectionCount && (rate == 0 || next <= time)) {
      Connection *connection = &connections[isFirst++ % connectionCount];
      if (isFirst == connectionCount) isFirst = 0;
      if (!connection->isOpen) connectAgain(connection);
      if (connection->isBusy || !connection->isOpen) { busy++; continue; }
      busy = 0;
      answers[answerCount] = (Answer){.intended = rate > 0 ? next : now(), .row = -1};
      if (rate > 0) {
        if (now() - next > latest) latest = now() - next;
        next += poisson ? -log1p(-drand48()) / rate : 1 / rate;
      }
      begin(connection, answerCount++);
      mayAsk = answerCount < most && answerCount < capacity && (rate > 0 ? next < end : time < end);
    }
    struct epoll_event events[256];
    double wait = rate > 0 && mayAsk && next > now() ? next - now() : 0.05;
    struct timespec pause = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (time_t)wait) * 1e9)};
    int ready = epoll_pwait2(poll_file, events, 256, &pause, NULL);
    for (int place = 0; place < ready; place++) {
      Connection *connection = events[place].data.ptr;
      if (events[place].events & EPOLLOUT) pushOut(connection);
      if (events[place].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) take(connection);
    }
  }
  unanswered += answerCount - done;
  double seconds = now() - start;
  report(seconds, latest);
  if (log) {
    FILE *file = fopen(log, "w");
    if (!file) fail(log);
    for (size_t place = 0; place < answerCount; place++)
      fprintf(file, "%.6f %.6f %d %d %d\n", answers[place].intended - start, answers[place].latency, answers[place].status,
              answers[place].marked, answers[place].row);
    fclose(file);
  }
  return 0;
}
