// What a function of the C face says when it fails.
#pragma once

#include <stdexcept>
#include <string>

#include "CHTTPClient.h"

namespace consort::httpclient {

struct Failure : std::runtime_error {
  Failure(cc_status status, const std::string &message) : std::runtime_error(message), status(status) {}
  cc_status status;
};

}  // namespace consort::httpclient
