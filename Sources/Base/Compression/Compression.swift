import CZlib

/// Bytes compressed by DEFLATE, and back, through zlib.
package enum Compression {
  /// What stands around the compressed data.
  package enum Format: Hashable, Sendable {
    /// A head and a checksum, as `gzip` has it: RFC 1952. Several may follow each other.
    case gzip
    /// A short head and a checksum, which HTTP calls "deflate": RFC 1950.
    case zlib
    /// Nothing: RFC 1951. Bytes after the end of the data are passed over.
    case raw

    /// What zlib calls it.
    fileprivate var windowBits: Int32 {
      switch self {
      case .gzip: MAX_WBITS + 16
      case .zlib: MAX_WBITS
      case .raw: -MAX_WBITS
      }
    }
  }

  /// Bytes that are not read.
  package enum Failure: Error, Hashable, Sendable {
    /// They are not of the format, are damaged, or end too early.
    case damaged
    /// More than `limit` bytes come out of them.
    case tooLarge(limit: Int)
    /// zlib found no memory.
    case noMemory
  }

  /// No DEFLATE stream makes more of a byte.
  private static let greatestRatio = 1032
  private static let chunkSize = 1 << 16

  /// The bytes that `bytes` stand for.
  ///
  /// - Parameters:
  ///   - limit: The most that may come out of them; a little more than that is ever held.
  ///   - expectedSize: How many it probably are, for which memory is taken at once, but no more than `bytes` can make.
  package static func decompress(
    _ bytes: UnsafeRawBufferPointer, _ format: Format, limit: Int, expectedSize: Int = 0
  ) throws(Failure) -> [UInt8] {
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(&stream, format.windowBits, ZLIB_VERSION, size) == Z_OK else {
      throw .noMemory
    }
    defer { inflateEnd(&stream) }
    var result: [UInt8] = []
    let possible = bytes.count.multipliedReportingOverflow(by: greatestRatio)
    result.reserveCapacity(
      max(0, min(expectedSize, limit, possible.overflow ? Int.max : possible.partialValue)))
    var input = Input(bytes)
    let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunkSize)
    defer { chunk.deallocate() }
    while true {
      stream.next_out = chunk.baseAddress
      stream.avail_out = UInt32(chunkSize)
      let status = input.feed(&stream) { inflate($0, Z_NO_FLUSH) }
      let made = chunkSize - Int(stream.avail_out)
      guard made <= limit - result.count else { throw .tooLarge(limit: limit) }
      result += chunk[..<made]
      switch status {
      case Z_STREAM_END:
        if input.isEmpty || format == .raw { return result }
        guard format == .gzip, inflateReset(&stream) == Z_OK else { throw .damaged }
      // Nothing more is made of nothing more.
      case Z_OK where made > 0 || !input.isEmpty: break
      case Z_MEM_ERROR: throw .noMemory
      default: throw .damaged
      }
    }
  }

  /// `bytes`, compressed; the same ones always in the same way.
  ///
  /// - Parameter level: 1 for speed to 9 for size.
  /// - Throws: `Failure.noMemory`.
  package static func compress(
    _ bytes: UnsafeRawBufferPointer, _ format: Format, level: Int32 = 1
  ) throws(Failure) -> [UInt8] {
    var stream = z_stream()
    let started = deflateInit2_(
      &stream, level, Z_DEFLATED, format.windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard started == Z_OK else { throw .noMemory }
    defer { deflateEnd(&stream) }
    var result: [UInt8] = []
    var input = Input(bytes)
    let chunk = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: chunkSize)
    defer { chunk.deallocate() }
    while true {
      stream.next_out = chunk.baseAddress
      stream.avail_out = UInt32(chunkSize)
      let isLast = input.isLastPart
      let status = input.feed(&stream) { deflate($0, isLast ? Z_FINISH : Z_NO_FLUSH) }
      result += chunk[..<(chunkSize - Int(stream.avail_out))]
      if status == Z_STREAM_END { return result }
      guard status == Z_OK || status == Z_BUF_ERROR else { throw .noMemory }
    }
  }
}

/// What is left of the input, which zlib counts in 32 bits.
private struct Input {
  private var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  var isEmpty: Bool { rest.isEmpty }
  var isLastPart: Bool { rest.count <= Int(UInt32.max) }

  /// Gives `stream` what is left, and keeps what it does not take.
  mutating func feed(
    _ stream: inout z_stream, _ step: (UnsafeMutablePointer<z_stream>) -> Int32
  ) -> Int32 {
    let given = UInt32(clamping: rest.count)
    stream.next_in = UnsafeMutablePointer(
      mutating: rest.bindMemory(to: UInt8.self).baseAddress)
    stream.avail_in = given
    let status = step(&stream)
    rest = UnsafeRawBufferPointer(rebasing: rest[Int(given - stream.avail_in)...])
    return status
  }
}
