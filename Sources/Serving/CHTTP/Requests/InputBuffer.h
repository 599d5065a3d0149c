// Bytes read and not yet used.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

#include "Asio.h"

namespace consort::http {

class InputBuffer {
 public:
  /// What an idle connection holds.
  static constexpr size_t usual_capacity = 4096;

  InputBuffer() : bytes_(new char[usual_capacity]), capacity_(usual_capacity) {}

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool is_empty() const { return begin_ == end_; }
  void consume(size_t count) { begin_ += count; }
  void clear() { begin_ = end_; }
  /// Counts bytes that were read into the room.
  void commit(size_t count) { end_ += count; }

  /// Where to read to, after what is there; empty where it is full. Not to be called while a read is under way: it moves
  /// what is there, and makes the buffer as large as `limit` when the room gets small.
  asio::mutable_buffer room(size_t limit) {
    if (begin_ > 0) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == 0 && limit <= usual_capacity && capacity_ > usual_capacity) resize(usual_capacity);
    if (capacity_ - end_ < usual_capacity / 2 && capacity_ < limit) resize(std::min(limit, 4 * capacity_));
    return {bytes_.get() + end_, capacity_ - end_};
  }

 private:
  void resize(size_t capacity) {
    std::unique_ptr<char[]> other(new char[capacity]);
    std::memcpy(other.get(), bytes_.get(), end_);
    bytes_ = std::move(other);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  size_t capacity_, begin_ = 0, end_ = 0;
};

}  // namespace consort::http
