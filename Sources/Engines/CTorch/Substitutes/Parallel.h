// Work shared among the threads that libtorch may use inside one operation.
#pragma once

#include <cstdint>
#include <functional>

namespace consort {

/// Calls `body(begin, end)` for shares of `0..<count`, each on a thread of its own; throws what one of them threw.
///
/// libtorch's own at::parallel_for is compiled where it is used, and shares nothing without the compiler's OpenMP, which
/// would bring a second set of threads beside libtorch's.
void parallel_for(int64_t count, const std::function<void(int64_t begin, int64_t end)> &body);

}  // namespace consort
