// The thread that carries all requests, and what other threads want of it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <curl/curl.h>

#include "CHTTPClient.h"
#include "Transfer.h"

namespace consort::httpclient {

class Client {
 public:
  explicit Client(const cc_configuration &configuration);
  ~Client();
  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  uint64_t send(const cc_request &request, cc_completion completion, void *context);
  void cancel(uint64_t id);
  bool is_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  struct MultiEnd {
    void operator()(CURLM *multi) const { curl_multi_cleanup(multi); }
  };

  void run() noexcept;
  bool take_orders() noexcept;
  void begin(std::unique_ptr<Transfer> transfer) noexcept;
  void finish() noexcept;
  std::unique_ptr<Transfer> remove(uint64_t id) noexcept;

  const std::string authorities_;
  const uint32_t idle_seconds_;
  std::unique_ptr<CURLM, MultiEnd> multi_;

  std::mutex lock_;
  // With the lock held:
  uint64_t next_id_ = 1;
  std::vector<std::unique_ptr<Transfer>> new_transfers_;
  std::vector<uint64_t> cancelled_;
  bool is_stopping_ = false;

  // The thread's own.
  std::unordered_map<uint64_t, std::unique_ptr<Transfer>> transfers_;
  std::thread thread_;
};

}  // namespace consort::httpclient
