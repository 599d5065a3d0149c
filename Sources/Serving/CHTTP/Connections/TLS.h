// Certificates and keys for OpenSSL.
#pragma once

#include <memory>
#include <string>

#include "Asio.h"

namespace consort::http {

/// TLS 1.2 and newer with the certificates and the key of PEM files.
std::shared_ptr<asio::ssl::context> make_tls(const std::string &certificate_chain, const std::string &private_key);

}  // namespace consort::http
