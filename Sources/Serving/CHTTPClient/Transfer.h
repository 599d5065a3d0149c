// One request on its way, and its answer as it comes in.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "CHTTPClient.h"

namespace consort::httpclient {

inline std::atomic<int64_t> live_transfers{0};

class Transfer {
 public:
  Transfer(
      uint64_t id, const cc_request &request, const std::string &authorities, uint32_t idle_seconds,
      cc_completion completion, void *context);
  ~Transfer();
  Transfer(const Transfer &) = delete;
  Transfer &operator=(const Transfer &) = delete;

  uint64_t id() const { return id_; }
  CURL *easy() const { return easy_.get(); }

  /// Calls the completion; `code` is what libcurl says.
  void complete(CURLcode code);
  /// Calls the completion without an answer.
  void end(cc_status status, const char *message) const;

 private:
  struct EasyEnd {
    void operator()(CURL *easy) const { curl_easy_cleanup(easy); }
  };
  struct ListEnd {
    void operator()(curl_slist *list) const { curl_slist_free_all(list); }
  };

  void add_header(const std::string &line);
  void add_headers(const cc_request &request);
  void set_limits(const cc_request &request, const std::string &authorities, uint32_t idle_seconds);
  void set_body(const cc_request &request);
  bool was_connected() const;
  cc_status status_of(CURLcode code) const;
  template <typename Value>
  void set(CURLoption option, Value value);

  static size_t read(char *target, size_t size, size_t count, void *context) noexcept;
  static int seek(void *context, curl_off_t offset, int origin) noexcept;
  static size_t take_header(char *bytes, size_t size, size_t count, void *context) noexcept;
  static size_t take_body(char *bytes, size_t size, size_t count, void *context) noexcept;

  const uint64_t id_;
  std::unique_ptr<CURL, EasyEnd> easy_;
  std::unique_ptr<curl_slist, ListEnd> headers_;
  char error_[CURL_ERROR_SIZE] = "";

  std::vector<std::string_view> parts_;
  size_t part_ = 0, offset_ = 0;

  std::vector<std::pair<std::string, std::string>> fields_;
  size_t head_bytes_ = 0;
  std::string body_;
  const uint64_t body_limit_;
  bool is_too_large_ = false;

  const cc_completion completion_;
  void *const context_;
};

}  // namespace consort::httpclient
