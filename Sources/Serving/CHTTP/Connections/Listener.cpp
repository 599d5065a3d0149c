#include "Listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "Failure.h"

namespace consort::http {

Failure system_failure(int number, const std::string &what) {
  const std::string message = what + ": " + std::strerror(number);
  switch (number) {
    case EADDRINUSE: return {CH_ADDRESS_IN_USE, message};
    case EACCES:
    case EPERM: return {CH_PERMISSION_DENIED, message};
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOENT:
    case ENOTDIR: return {CH_BAD_ADDRESS, message};
    default: return {CH_SYSTEM_ERROR, message};
  }
}

namespace {

/// A descriptor that is closed where it is not taken.
class Descriptor {
 public:
  Descriptor(int family, const std::string &what)
      : number_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (number_ < 0) throw system_failure(errno, what);
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor &) = delete;
  Descriptor &operator=(const Descriptor &) = delete;
  int number() const { return number_; }
  int take() { return std::exchange(number_, -1); }

 private:
  int number_;
};

void listen_at(const Descriptor &descriptor, const sockaddr *address, socklen_t size, const std::string &what) {
  if (::bind(descriptor.number(), address, size) != 0) throw system_failure(errno, what);
  if (::listen(descriptor.number(), SOMAXCONN) != 0) throw system_failure(errno, what);
}

sockaddr_un unix_address(const std::string &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    throw Failure(CH_BAD_ADDRESS, "a socket's path has 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

/// Removes the file of a socket that no process listens at any more.
void remove_stale(const std::string &path, const sockaddr_un &address) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) return;
  if (!S_ISSOCK(file.st_mode)) throw Failure(CH_ADDRESS_IN_USE, "there is a file that is no socket");
  const Descriptor probe(AF_UNIX, "a socket");
  if (::connect(probe.number(), reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0) {
    throw system_failure(EADDRINUSE, "another process listens there");
  }
  if (errno != ECONNREFUSED) throw system_failure(errno, "the socket that is there");
  if (::unlink(path.c_str()) != 0) throw system_failure(errno, "a stale socket cannot be removed");
}

}  // namespace

Listener::Listener(const ch_address &address) {
  switch (address.kind) {
    case CH_TCP: listen_tcp(address.name, address.port); break;
    case CH_UNIX: listen_unix(address.name); break;
    case CH_DESCRIPTOR: adopt(address.descriptor); break;
  }
}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
  remove_file();
}

int Listener::take_descriptor() { return std::exchange(descriptor_, -1); }

void Listener::remove_file() {
  const std::lock_guard lock(mutex_);
  const std::string path = std::exchange(path_, {});
  struct stat now {};
  if (path.empty() || ::lstat(path.c_str(), &now) != 0) return;
  if (now.st_dev == file_.st_dev && now.st_ino == file_.st_ino) ::unlink(path.c_str());
}

void Listener::listen_tcp(const std::string &host, uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo *found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (status != 0) throw Failure(CH_BAD_ADDRESS, ::gai_strerror(status));
  const std::unique_ptr<addrinfo, void (*)(addrinfo *)> addresses(found, ::freeaddrinfo);
  Descriptor descriptor(found->ai_family, "a socket");
  // A server that was just stopped leaves connections that would keep the port for a minute.
  const int yes = 1;
  ::setsockopt(descriptor.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  listen_at(descriptor, found->ai_addr, found->ai_addrlen, "the address");
  family_ = found->ai_family;
  descriptor_ = descriptor.take();
  find_port();
}

void Listener::listen_unix(const std::string &path) {
  const sockaddr_un address = unix_address(path);
  remove_stale(path, address);
  Descriptor descriptor(AF_UNIX, "a socket");
  listen_at(descriptor, reinterpret_cast<const sockaddr *>(&address), sizeof address, "the socket");
  if (::lstat(path.c_str(), &file_) != 0) throw system_failure(errno, "the socket");
  path_ = path;
  family_ = AF_UNIX;
  descriptor_ = descriptor.take();
}

void Listener::adopt(int descriptor) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) {
    throw Failure(CH_BAD_ADDRESS, "descriptor " + std::to_string(descriptor) + " is no socket that listens");
  }
  sockaddr_storage address{};
  size = sizeof address;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr *>(&address), &size) != 0) {
    throw system_failure(errno, "descriptor " + std::to_string(descriptor));
  }
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  family_ = address.ss_family;
  descriptor_ = descriptor;
  find_port();
}

void Listener::find_port() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr *>(&address), &size) != 0) return;
  if (address.ss_family == AF_INET) {
    port_ = ntohs(reinterpret_cast<const sockaddr_in &>(address).sin_port);
  } else if (address.ss_family == AF_INET6) {
    port_ = ntohs(reinterpret_cast<const sockaddr_in6 &>(address).sin6_port);
  }
}

}  // namespace consort::http
