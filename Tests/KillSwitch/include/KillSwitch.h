/// Loaded before the C library (LD_PRELOAD), it kills the process with SIGKILL at an exact instant of its work on files,
/// where signals from outside come when they come.
///
/// The variable CONSORT_KILL_AT holds an operation and a number, as in "rename 7": the process dies at the seventh
/// `rename` of an unfinished file (its name ends with ".partial"), before it is done; at the seventh `fsync`, before it; at
/// the seventh `write`, in its middle.
#define CONSORT_KILL_AT "CONSORT_KILL_AT"

/// The environment variable that stops the process with SIGSTOP, as in ".jsonl 4": right before the fourth file whose name ends so gets
/// that name, by `rename` or `linkat`.
#define CONSORT_STOP_AT "CONSORT_STOP_AT"

/// The environment variable that hides files of the folders `workers` and `leases` until they are so many seconds old, as a network
/// file system may.
#define CONSORT_SEE_AFTER "CONSORT_SEE_AFTER"

/// Where it is there, a variable is set before the program begins, as libraries of clusters' accounting do: the environment then
/// lies elsewhere than the kernel put it.
#define CONSORT_SET_EARLY "CONSORT_SET_EARLY"
