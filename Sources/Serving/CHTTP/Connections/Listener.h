// A socket that listens: TCP, Unix, or one that was handed over.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <mutex>
#include <string>

#include "CHTTP.h"

namespace consort::http {

class Listener {
 public:
  explicit Listener(const ch_address &address);
  /// Removes a Unix socket's file; the descriptor belongs to its new owner.
  ~Listener();
  Listener(const Listener &) = delete;
  Listener &operator=(const Listener &) = delete;

  /// AF_INET, AF_INET6 or AF_UNIX.
  int family() const { return family_; }
  uint16_t port() const { return port_; }
  /// Hands the descriptor over, once.
  int take_descriptor();
  /// Removes a Unix socket's file where it is still the one that was made here.
  void remove_file();

 private:
  void listen_tcp(const std::string &host, uint16_t port);
  void listen_unix(const std::string &path);
  void adopt(int descriptor);
  void find_port();

  int descriptor_ = -1;
  int family_ = 0;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::string path_;
  struct stat file_ {};
};

}  // namespace consort::http
