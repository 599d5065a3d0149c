#include "Client.h"

#include <fstream>

#include "Failure.h"

namespace consort::httpclient {

namespace {

/// Once a process, before any thread uses libcurl.
void start_library() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw Failure(CC_OTHER_ERROR, curl_easy_strerror(code));
}

std::string readable(const char *path) {
  if (path == nullptr) return "";
  if (!std::ifstream(path).good()) {
    throw Failure(CC_BAD_CERTIFICATES, std::string("'") + path + "' cannot be read");
  }
  return path;
}

}  // namespace

Client::Client(const cc_configuration &configuration)
    : authorities_(readable(configuration.authorities)), idle_seconds_(configuration.idle_seconds) {
  start_library();
  multi_.reset(curl_multi_init());
  if (!multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(configuration.idle_connections));
  thread_ = std::thread([this] { run(); });
}

Client::~Client() {
  {
    const std::lock_guard guard(lock_);
    is_stopping_ = true;
  }
  curl_multi_wakeup(multi_.get());
  thread_.join();
}

uint64_t Client::send(const cc_request &request, cc_completion completion, void *context) {
  uint64_t id = 0;
  {
    const std::lock_guard guard(lock_);
    id = next_id_++;
  }
  auto transfer = std::make_unique<Transfer>(id, request, authorities_, idle_seconds_, completion, context);
  {
    const std::lock_guard guard(lock_);
    new_transfers_.push_back(std::move(transfer));
  }
  curl_multi_wakeup(multi_.get());
  return id;
}

void Client::cancel(uint64_t id) {
  {
    const std::lock_guard guard(lock_);
    cancelled_.push_back(id);
  }
  curl_multi_wakeup(multi_.get());
}

void Client::run() noexcept {
  while (take_orders()) {
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    finish();
    // A wakeup ends it, also one from before.
    curl_multi_poll(multi_.get(), nullptr, 0, 60 * 1000, nullptr);
  }
  for (auto &[id, transfer] : transfers_) {
    curl_multi_remove_handle(multi_.get(), transfer->easy());
    transfer->end(CC_STOPPED, "the client was stopped");
  }
  transfers_.clear();
}

bool Client::take_orders() noexcept {
  std::vector<std::unique_ptr<Transfer>> added;
  std::vector<uint64_t> cancelled;
  bool is_stopping = false;
  {
    const std::lock_guard guard(lock_);
    added.swap(new_transfers_);
    cancelled.swap(cancelled_);
    is_stopping = is_stopping_;
  }
  for (auto &transfer : added) begin(std::move(transfer));
  for (const uint64_t id : cancelled) {
    if (const auto transfer = remove(id)) transfer->end(CC_CANCELLED, "cancelled");
  }
  return !is_stopping;
}

void Client::begin(std::unique_ptr<Transfer> transfer) noexcept {
  const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer->easy());
  if (code != CURLM_OK) return transfer->end(CC_OTHER_ERROR, curl_multi_strerror(code));
  const uint64_t id = transfer->id();
  transfers_[id] = std::move(transfer);
}

void Client::finish() noexcept {
  int left = 0;
  while (const CURLMsg *const message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Transfer *done = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &done);
    if (const auto transfer = remove(done->id())) transfer->complete(code);
  }
}

std::unique_ptr<Transfer> Client::remove(uint64_t id) noexcept {
  const auto place = transfers_.find(id);
  if (place == transfers_.end()) return nullptr;
  auto transfer = std::move(place->second);
  transfers_.erase(place);
  curl_multi_remove_handle(multi_.get(), transfer->easy());
  return transfer;
}

}  // namespace consort::httpclient
