// What a function of the C face says when it fails.
#pragma once

#include <stdexcept>
#include <string>

#include "CHTTP.h"

namespace consort::http {

struct Failure : std::runtime_error {
  Failure(ch_status status, const std::string &message) : std::runtime_error(message), status(status) {}
  ch_status status;
};

/// A failure with the system's words for `number`.
Failure system_failure(int number, const std::string &what);

}  // namespace consort::http
