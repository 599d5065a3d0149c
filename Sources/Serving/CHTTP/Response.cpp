#include "Response.h"

#include <boost/beast/http/status.hpp>

#include <algorithm>

#include "RequestHead.h"

namespace consort::http {

namespace {

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

/// Headers that say where a message or a connection ends.
bool is_the_servers(std::string_view name) {
  return equals_ignoring_case(name, "content-length") || equals_ignoring_case(name, "transfer-encoding") ||
         equals_ignoring_case(name, "connection") || equals_ignoring_case(name, "keep-alive") ||
         equals_ignoring_case(name, "date");
}

std::string_view view(const ch_bytes &bytes) { return {bytes.bytes, bytes.count}; }

/// All headers as lines; false where one cannot be sent.
bool write_fields(const ch_response &response, std::string *lines) {
  for (size_t index = 0; index < response.header_count; index++) {
    const std::string_view name = view(response.header_names[index]), value = view(response.header_values[index]);
    if (!is_token(name) || !is_value(value)) return false;
    if (is_the_servers(name)) continue;
    lines->append(name).append(": ").append(value).append("\r\n");
  }
  return true;
}

}  // namespace

Response::Response(const ch_response &response) : status_(response.status) {
  if (status_ < 200 || status_ > 599 || !write_fields(response, &fields_)) {
    *this = error(500, "the server made an answer that cannot be sent");
  } else {
    chunks_.reserve(response.chunk_count);
    for (size_t index = 0; index < response.chunk_count; index++) {
      const ch_bytes &chunk = response.chunks[index];
      if (chunk.count == 0) continue;
      chunks_.emplace_back(chunk.bytes, chunk.count);
      length_ += chunk.count;
    }
  }
  release_ = response.release;
  context_ = response.context;
}

Response Response::error(int status, std::string_view reason, std::string headers) {
  Response response;
  response.status_ = status;
  response.fields_ = "Content-Type: application/json\r\n" + std::move(headers);
  response.own_body_.append("{\"error\": \"").append(reason).append("\"}");
  response.length_ = response.own_body_.size();
  return response;
}

Response::~Response() {
  if (release_ != nullptr) release_(context_);
}

Response &Response::operator=(Response &&other) noexcept {
  std::swap(status_, other.status_);
  std::swap(fields_, other.fields_);
  std::swap(own_body_, other.own_body_);
  std::swap(head_, other.head_);
  std::swap(chunks_, other.chunks_);
  std::swap(buffers_, other.buffers_);
  std::swap(length_, other.length_);
  std::swap(release_, other.release_);
  std::swap(context_, other.context_);
  return *this;
}

const std::vector<asio::const_buffer> &Response::buffers(const Delivery &delivery) {
  const auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status_));
  head_.reserve(192 + fields_.size());
  head_.append("HTTP/1.1 ").append(std::to_string(status_)).append(" ");
  head_.append(reason.data(), reason.size()).append("\r\nDate: ").append(delivery.date).append("\r\n");
  head_.append(fields_);
  const bool has_length = status_ != 204 && status_ != 304;
  if (has_length) head_.append("Content-Length: ").append(std::to_string(length_)).append("\r\n");
  if (delivery.closes) {
    head_.append("Connection: close\r\n");
  } else if (delivery.version == 10) {
    head_.append("Connection: keep-alive\r\n");
  }
  head_.append("\r\n");
  buffers_.clear();
  buffers_.emplace_back(head_.data(), head_.size());
  if (!has_length || delivery.is_head_request) return buffers_;
  if (!own_body_.empty()) buffers_.emplace_back(own_body_.data(), own_body_.size());
  buffers_.insert(buffers_.end(), chunks_.begin(), chunks_.end());
  return buffers_;
}

}  // namespace consort::http
