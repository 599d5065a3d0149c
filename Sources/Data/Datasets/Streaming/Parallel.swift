import Dispatch

/// Work spread over all cores, with the results in order.
enum Parallel {
  /// Returns `body(0)`, `body(1)`, ... `body(count - 1)`, computed on all cores.
  ///
  /// - Throws: The error of the lowest index that threw.
  static func map<R: Sendable>(
    count: Int, _ body: @Sendable (Int) throws -> R
  ) throws -> [R] {
    var results = [Result<R, any Error>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes the one element of its index, and the buffer outlives the call.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: count) { index in
        slots[index] = Result { try body(index) }
      }
    }
    return try results.compactMap { try $0?.get() }
  }

  /// Calls `body` for consecutive ranges that together are `0..<count`, on all cores.
  static func forEachRange(
    count: Int, rangeLength: Int, _ body: @Sendable (Range<Int>) -> Void
  ) {
    DispatchQueue.concurrentPerform(iterations: (count + rangeLength - 1) / rangeLength) { index in
      body(index * rangeLength..<min((index + 1) * rangeLength, count))
    }
  }
}
