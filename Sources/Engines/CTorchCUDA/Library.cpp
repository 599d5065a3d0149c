// The table of functions that the program gets, and what the program lends.
#include "CUDALibrary.h"

#include "Functions.h"
#include "Handles.h"

namespace consort {

namespace {
ct_cuda_host program;
}  // namespace

void set_last_error(const char *message) noexcept { program.set_last_error(message); }

void count_handle(int delta) noexcept { program.count_handle(delta); }

}  // namespace consort

void ct_cuda_library(const ct_cuda_host *host, ct_cuda_functions *functions) {
  // Loading twice stores the same two functions.
  consort::program = *host;
  *functions = {
      .stream_new = consort::stream_new,
      .stream_free = consort::stream_free,
      .stream_enter = consort::stream_enter,
      .stream_leave = consort::stream_leave,
      .stream_synchronize = consort::stream_synchronize,
      .graph_begin = consort::graph_begin,
      .graph_end = consort::graph_end,
      .graph_replay = consort::graph_replay,
      .graph_free = consort::graph_free,
      .memory = consort::memory,
      .process_group_nccl = consort::process_group_nccl,
  };
}
