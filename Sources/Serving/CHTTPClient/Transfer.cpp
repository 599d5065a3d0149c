#include "Transfer.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "Failure.h"

namespace consort::httpclient {

namespace {

/// Of an answer's head: workers send a few hundred.
constexpr size_t head_limit = 64 * 1024;
/// What is read of the body at a time; images are large.
constexpr long upload_buffer = 256 * 1024;

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string text(cc_bytes bytes) { return std::string(bytes.bytes, bytes.count); }

/// A program that is started meanwhile would keep the connection open after it is closed here.
int keep_from_children(void *, curl_socket_t socket, curlsocktype) {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  return CURL_SOCKOPT_OK;
}

/// A header that ended the line would smuggle in others.
bool is_line(const std::string &text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

Transfer::Transfer(
    uint64_t id, const cc_request &request, const std::string &authorities, uint32_t idle_seconds,
    cc_completion completion, void *context)
    : id_(id), easy_(curl_easy_init()), body_limit_(request.body_limit), completion_(completion), context_(context) {
  if (!easy_) throw std::bad_alloc();
  set(CURLOPT_URL, request.url);
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_PRIVATE, static_cast<void *>(this));
  set_limits(request, authorities, idle_seconds);
  add_headers(request);
  if (request.is_post) set_body(request);
  set(CURLOPT_HEADERFUNCTION, &Transfer::take_header);
  set(CURLOPT_HEADERDATA, static_cast<void *>(this));
  set(CURLOPT_WRITEFUNCTION, &Transfer::take_body);
  set(CURLOPT_WRITEDATA, static_cast<void *>(this));
  ++live_transfers;
}

Transfer::~Transfer() { --live_transfers; }

template <typename Value>
void Transfer::set(CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
  if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLE_OK) throw Failure(CC_OTHER_ERROR, curl_easy_strerror(code));
}

void Transfer::set_limits(const cc_request &request, const std::string &authorities, uint32_t idle_seconds) {
#if LIBCURL_VERSION_NUM >= 0x075500
  set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  set(CURLOPT_PROTOCOLS, long{CURLPROTO_HTTP | CURLPROTO_HTTPS});
#endif
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  // An empty one keeps http_proxy and its like out: a proxy of the shell that starts a server is a surprise.
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_SOCKOPTFUNCTION, &keep_from_children);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!authorities.empty()) set(CURLOPT_CAINFO, authorities.c_str());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<int64_t>(1, request.timeout_ms)));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<int64_t>(1, request.connect_timeout_ms)));
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(idle_seconds));
  if (request.wants_new_connection) set(CURLOPT_FRESH_CONNECT, 1L);
}

void Transfer::add_header(const std::string &line) {
  if (!is_line(line)) throw Failure(CC_OTHER_ERROR, "a header has a line's end in it");
  curl_slist *const longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  headers_.release();
  headers_.reset(longer);
}

void Transfer::add_headers(const cc_request &request) {
  // Without a value, libcurl leaves the header out.
  add_header("Expect:");
  for (size_t index = 0; index < request.header_count; ++index) {
    add_header(text(request.header_names[index]) + ": " + text(request.header_values[index]));
  }
  set(CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::set_body(const cc_request &request) {
  curl_off_t count = 0;
  for (size_t index = 0; index < request.part_count; ++index) {
    const cc_bytes part = request.parts[index];
    if (part.count == 0) continue;
    parts_.emplace_back(part.bytes, part.count);
    count += static_cast<curl_off_t>(part.count);
  }
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, count);
  set(CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer);
  set(CURLOPT_READFUNCTION, &Transfer::read);
  set(CURLOPT_READDATA, static_cast<void *>(this));
  // A kept connection that turns out to be closed makes libcurl begin again on another.
  set(CURLOPT_SEEKFUNCTION, &Transfer::seek);
  set(CURLOPT_SEEKDATA, static_cast<void *>(this));
}

size_t Transfer::read(char *target, size_t size, size_t count, void *context) noexcept {
  auto &transfer = *static_cast<Transfer *>(context);
  const size_t room = size * count;
  size_t written = 0;
  while (written < room && transfer.part_ < transfer.parts_.size()) {
    const std::string_view part = transfer.parts_[transfer.part_].substr(transfer.offset_);
    const size_t taken = std::min(part.size(), room - written);
    std::memcpy(target + written, part.data(), taken);
    written += taken;
    transfer.offset_ += taken;
    if (taken == part.size()) {
      ++transfer.part_;
      transfer.offset_ = 0;
    }
  }
  return written;
}

int Transfer::seek(void *context, curl_off_t offset, int origin) noexcept {
  auto &transfer = *static_cast<Transfer *>(context);
  if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
  transfer.part_ = transfer.offset_ = 0;
  return CURL_SEEKFUNC_OK;
}

size_t Transfer::take_header(char *bytes, size_t size, size_t count, void *context) noexcept try {
  auto &transfer = *static_cast<Transfer *>(context);
  const std::string_view line(bytes, size * count);
  transfer.head_bytes_ += line.size();
  if (transfer.head_bytes_ > head_limit) {
    transfer.is_too_large_ = true;
    return 0;
  }
  // After an interim answer come the headers of the real one.
  if (line.substr(0, 5) == "HTTP/") transfer.fields_.clear();
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos && line.substr(0, 5) != "HTTP/") {
    transfer.fields_.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  }
  return line.size();
} catch (...) {
  return 0;
}

size_t Transfer::take_body(char *bytes, size_t size, size_t count, void *context) noexcept try {
  auto &transfer = *static_cast<Transfer *>(context);
  const size_t more = size * count;
  if (more > transfer.body_limit_ - transfer.body_.size()) {
    transfer.is_too_large_ = true;
    return 0;
  }
  transfer.body_.append(bytes, more);
  return more;
} catch (...) {
  return 0;
}

bool Transfer::was_connected() const {
  // The time until a connection was there; nothing of it where it never was.
  curl_off_t connected = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &connected);
  return connected > 0;
}

cc_status Transfer::status_of(CURLcode code) const {
  switch (code) {
    case CURLE_OK: return CC_OK;
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED: return CC_BAD_URL;
    // Also what is said of an answer without a status line.
    case CURLE_UNSUPPORTED_PROTOCOL: return was_connected() ? CC_BROKEN : CC_BAD_URL;
    case CURLE_COULDNT_RESOLVE_HOST: return CC_UNKNOWN_HOST;
    case CURLE_COULDNT_CONNECT: return CC_CANNOT_CONNECT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION: return CC_UNTRUSTED;
    case CURLE_OPERATION_TIMEDOUT: return was_connected() ? CC_TIMED_OUT : CC_CANNOT_CONNECT;
    case CURLE_OUT_OF_MEMORY: return CC_OUT_OF_MEMORY;
    case CURLE_WRITE_ERROR: return is_too_large_ ? CC_TOO_LARGE : CC_OUT_OF_MEMORY;
    default: return CC_BROKEN;
  }
}

void Transfer::end(cc_status status, const char *message) const { completion_(context_, status, message, nullptr); }

void Transfer::complete(CURLcode code) {
  const cc_status status = status_of(code);
  if (status == CC_TOO_LARGE) return end(status, "the answer is larger than was wanted");
  if (status != CC_OK) return end(status, error_[0] != '\0' ? error_ : curl_easy_strerror(code));
  long http_status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &http_status);
  long connections = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connections);
  std::vector<cc_bytes> names, values;
  for (const auto &[name, value] : fields_) {
    names.push_back({name.data(), name.size()});
    values.push_back({value.data(), value.size()});
  }
  const cc_response response = {
      static_cast<int32_t>(http_status), fields_.size(), names.data(), values.data(), {body_.data(), body_.size()},
      connections > 0};
  completion_(context_, CC_OK, "", &response);
}

}  // namespace consort::httpclient
