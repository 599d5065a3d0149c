import Concurrency
import Predictions

/// Rows of log-probabilities made block by block, on all cores: what lies between takes the memory of some blocks.
///
/// Rows do not depend on each other: the result has the same bits on any number of cores.
enum RowBlocks {
  /// Values of one block.
  private static let blockValues = 1 << 18

  /// `[N, C]`, filled by `body`.
  ///
  /// - Parameters:
  ///   - members: Those that `body` reads; at least one. What of them is mapped from large files is given back.
  ///   - body: Is given the images of a block and where their rows go.
  static func make(
    of members: [Predictions],
    _ body: @Sendable (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) -> [Float] {
    let (count, classes) = (members[0].count, members[0].classes)
    let rows = max(1, blockValues / classes)
    let blocks = (count + rows - 1) / rows
    let releases = ImageBlocks.releases(members)
    return [Float](unsafeUninitializedCapacity: count * classes) { buffer, filled in
      // Each iteration fills the rows of its block, and the buffer outlives the call.
      nonisolated(unsafe) let buffer = buffer
      parallelFor(blocks) { block in
        let images = block * rows..<min((block + 1) * rows, count)
        let part = images.lowerBound * classes..<images.upperBound * classes
        UnsafeMutableBufferPointer(rebasing: buffer[part]).initialize(repeating: 0)
        body(images, UnsafeMutableBufferPointer(rebasing: buffer[part]))
        if releases { for member in members { member.release(images) } }
      }
      filled = count * classes
    }
  }
}

extension Predictions {
  /// Calls `body` with the log-probabilities of some of the images, `[images, C]`, which are valid during the call only.
  package func withLogProbabilities<R>(
    of images: Range<Int>, _ body: (UnsafeBufferPointer<Float>) throws -> R
  ) rethrows -> R {
    try withLogProbabilities { values in
      try body(
        UnsafeBufferPointer(
          rebasing: values[images.lowerBound * classes..<images.upperBound * classes]))
    }
  }
}
