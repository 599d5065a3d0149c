#include "TLS.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "Failure.h"

namespace consort::http {

namespace {

constexpr unsigned char protocols[] = "\x08http/1.1";

int choose_protocol(SSL *, const unsigned char **chosen, unsigned char *size, const unsigned char *offered,
                    unsigned int count, void *) {
  unsigned char *result = nullptr;
  const int status = SSL_select_next_proto(&result, size, protocols, sizeof protocols - 1, offered, count);
  *chosen = result;
  return status == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

[[noreturn]] void refuse(const std::string &what, const std::string &path, const std::string &reason) {
  throw Failure(CH_BAD_CERTIFICATE, what + " '" + path + "': " + reason);
}

void check_readable(const std::string &what, const std::string &path) {
  if (::access(path.c_str(), R_OK) != 0) refuse(what, path, std::strerror(errno));
}

std::string openssl_reason() {
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "not valid" : reason;
}

}  // namespace

std::shared_ptr<asio::ssl::context> make_tls(const std::string &chain, const std::string &key) {
  const std::string chain_name = "the certificate chain", key_name = "the private key";
  check_readable(chain_name, chain);
  check_readable(key_name, key);
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX *native = context->native_handle();
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  // A server has no terminal to type a pass phrase.
  SSL_CTX_set_default_passwd_cb(native, [](char *, int, int, void *) { return -1; });
  if (SSL_CTX_use_certificate_chain_file(native, chain.c_str()) != 1) refuse(chain_name, chain, openssl_reason());
  if (SSL_CTX_use_PrivateKey_file(native, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    refuse(key_name, key, openssl_reason());
  }
  if (SSL_CTX_check_private_key(native) != 1) refuse(key_name, key, "not that of the certificate '" + chain + "'");
  return context;
}

}  // namespace consort::http
