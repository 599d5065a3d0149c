#ifdef __linux__
#define _GNU_SOURCE
#include "KillSwitch.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <fcntl.h>
#include <unistd.h>

static bool is_unfinished(const char *path, size_t length) {
  const char suffix[] = ".partial";
  const size_t count = sizeof suffix - 1;
  return length >= count && memcmp(path + length - count, suffix, count) == 0;
}

static bool is_unfinished_file(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = readlink(link, path, sizeof path);
  return length > 0 && is_unfinished(path, (size_t)length);
}

/// Counts one more of `operation`; whether it is the one to die at.
static bool is_due(const char *operation, atomic_int *done) {
  const char *wish = getenv(CONSORT_KILL_AT);
  const size_t length = strlen(operation);
  if (wish == NULL || strncmp(wish, operation, length) != 0 || wish[length] != ' ') return false;
  return atomic_fetch_add(done, 1) + 1 == atoi(wish + length + 1);
}

/// Stands still where this file, or one of such a name, is to get its name for the wished time.
static void stop_if_due(const char *to) {
  static atomic_int done;
  const char *wish = getenv(CONSORT_STOP_AT);
  const char *blank = wish == NULL ? NULL : strchr(wish, ' ');
  if (blank == NULL) return;
  const size_t length = strlen(to), count = (size_t)(blank - wish);
  if (length < count || memcmp(to + length - count, wish, count) != 0) return;
  if (atomic_fetch_add(&done, 1) + 1 == atoi(blank + 1)) kill(getpid(), SIGSTOP);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
  int (*real)(int, const char *, int, const char *, int) = dlsym(RTLD_NEXT, "linkat");
  stop_if_due(to);
  return real(from_folder, from, to_folder, to, flags);
}

int rename(const char *from, const char *to) {
  static atomic_int done;
  stop_if_due(to);
  if (is_unfinished(from, strlen(from)) && is_due("rename", &done)) kill(getpid(), SIGKILL);
  int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
  return real(from, to);
}

int fsync(int descriptor) {
  static atomic_int done;
  if (is_unfinished_file(descriptor) && is_due("fsync", &done)) kill(getpid(), SIGKILL);
  int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
  return real(descriptor);
}

/// Whether a network file system would not show this file of workers or leases yet: it is younger than CONSORT_SEE_AFTER, in
/// seconds. Signs of life are renamed too often to have an age.
static bool is_too_young(const char *path) {
  const char *wish = getenv(CONSORT_SEE_AFTER);
  const char *name = strrchr(path, '/');
  if (wish == NULL || name == NULL || strstr(name, ".alive") != NULL) return false;
  if (strstr(path, "/leases/") == NULL && strstr(path, "/workers/") == NULL) return false;
  struct stat status;
  if (fstatat(AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) != 0) return false;
  return difftime(time(NULL), status.st_ctime) < atoi(wish);
}

int lstat(const char *path, struct stat *status) {
  int (*real)(const char *, struct stat *) = dlsym(RTLD_NEXT, "lstat");
  if (is_too_young(path)) {
    errno = ENOENT;
    return -1;
  }
  return real(path, status);
}

struct dirent *readdir(DIR *directory) {
  struct dirent *(*real)(DIR *) = dlsym(RTLD_NEXT, "readdir");
  char link[64], path[4096 + 256];
  struct dirent *entry = real(directory);
  if (getenv(CONSORT_SEE_AFTER) == NULL) return entry;
  snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd(directory));
  const ssize_t length = readlink(link, path, 4096);
  while (entry != NULL && length > 0) {
    path[length] = '/';
    strncpy(path + length + 1, entry->d_name, 255);
    path[length + 256] = 0;
    if (!is_too_young(path)) break;
    entry = real(directory);
  }
  return entry;
}

__attribute__((constructor)) static void set_early(void) {
  if (getenv(CONSORT_SET_EARLY) != NULL) setenv("CONSORT_WAS_SET_EARLY", "1", 1);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  static atomic_int done;
  ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  if (getenv(CONSORT_KILL_AT) != NULL && is_unfinished_file(descriptor) && is_due("write", &done)) {
    real(descriptor, bytes, count / 2);
    kill(getpid(), SIGKILL);
  }
  return real(descriptor, bytes, count);
}
#endif
