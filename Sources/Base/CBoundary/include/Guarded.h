// The one place where C++ exceptions become statuses, for the C face of any library.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <new>
#include <string>

namespace consort::boundary {

/// What a library's C face keeps: the message of each thread's last failed call, and how many handles are alive.
template <typename Library>
struct State {
  static inline thread_local std::string last_error;
  static inline std::atomic<int64_t> live_handles{0};

  static void set_last_error(const char *message) noexcept {
    try {
      last_error = message;
    } catch (...) {
      last_error.clear();
    }
  }
};

/// Runs `body`. `Library` has its `Exception`, and `message` and `status` of one; its `Status`, with `ok`,
/// `out_of_memory` and `other_error`; and `set_last_error`.
template <typename Library, typename Body>
typename Library::Status guarded(Body &&body) noexcept {
  try {
    body();
    return Library::ok;
  } catch (const std::bad_alloc &) {
    Library::set_last_error("out of memory");
    return Library::out_of_memory;
  } catch (const typename Library::Exception &error) {
    Library::set_last_error(Library::message(error));
    return Library::status(error);
  } catch (const std::exception &error) {
    Library::set_last_error(error.what());
    return Library::other_error;
  } catch (...) {
    Library::set_last_error("an exception of unknown type");
    return Library::other_error;
  }
}

}  // namespace consort::boundary
