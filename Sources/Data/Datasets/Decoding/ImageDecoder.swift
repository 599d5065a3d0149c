import CJPEG
import CPNG
import CResampling
import Files

/// Decodes JPEG and PNG files to 8-bit RGB. One thread uses one decoder.
///
/// JPEG: libjpeg-turbo with its accurate integer DCT and smooth chroma upsampling, as Pillow uses it. Greys become
/// RGB; CMYK is taken as Adobe's inverted form and multiplied out, without a colour profile. PNG: greys and palettes
/// become RGB, of 16 bits the higher 8 stay, transparency is dropped, gamma is left alone. Which of the two formats a
/// file has is read from its first bytes, not from its name. An EXIF orientation is not applied. Of damaged JPEG data libjpeg
/// makes what it can, as for Pillow; a file that is cut short is an error.
final class ImageDecoder {
  /// A reason in the decoder's words.
  struct Failure: Error {
    let reason: String
  }

  /// An image's size, in pixels.
  struct Size: Hashable {
    let width: Int
    let height: Int
  }

  /// What to decode of an image: a part of it at 1 / `denominator` of its size.
  struct Selection {
    /// 1, 2, 4 or 8; the image's reduced sides are rounded up.
    let denominator: Int
    /// Columns and rows of the reduced image.
    let columns, rows: Range<Int>

    init(denominator: Int, columns: Range<Int>, rows: Range<Int>) {
      (self.denominator, self.columns, self.rows) = (denominator, columns, rows)
    }

    /// All of an image of `size`.
    init(whole size: Size) {
      self.init(denominator: 1, columns: 0..<size.width, rows: 0..<size.height)
    }
  }

  /// More pixels than this are taken for a damaged or hostile file.
  static let largestPixelCount = 100_000_000
  static let bytesPerPixel = 4

  /// The formats that are read.
  private enum Format {
    case jpeg, png
  }

  private let jpeg = consort_jpeg_create()
  private let pixels = ScratchBytes()

  deinit { consort_jpeg_destroy(jpeg) }

  /// Reads the size from the header of the file in `bytes`.
  func size(of bytes: UnsafeRawBufferPointer) throws(Failure) -> Size {
    try size(of: bytes, format: format(of: bytes))
  }

  /// Decodes the whole file in `bytes` and calls `body` with its pixels.
  func decode<R>(
    _ bytes: UnsafeRawBufferPointer, _ body: (DecodedPixels, Size) throws -> R
  ) throws -> R {
    try decode(bytes, select: { size, _ in (Selection(whole: size), size) }, body)
  }

  /// Decodes a part of the file in `bytes`. Damage behind it is not seen, but that the file is cut short is.
  ///
  /// - Parameters:
  ///   - select: Is given the image's size, and whether it can be reduced, and says what to decode and why.
  ///   - body: Is given the pixels, which are those that the whole image has there, perhaps with others around them,
  ///     and what `select` said.
  func decode<Purpose, R>(
    _ bytes: UnsafeRawBufferPointer,
    select: (Size, _ canReduce: Bool) throws -> (Selection, Purpose),
    _ body: (DecodedPixels, Purpose) throws -> R
  ) throws -> R {
    let format = try format(of: bytes)
    let size = try size(of: bytes, format: format)
    let (selection, purpose) = try select(size, format == .jpeg)
    switch format {
    case .jpeg: return try body(decodeJPEG(bytes, size: size, selection), purpose)
    case .png:
      precondition(selection.denominator == 1, "only JPEG files are reduced")
      return try body(decodePNG(bytes, size: size), purpose)
    }
  }

  private func format(of bytes: UnsafeRawBufferPointer) throws(Failure) -> Format {
    guard !bytes.isEmpty else { throw Failure(reason: "it is empty") }
    switch ImageFormat(of: bytes) {
    case .jpeg: return .jpeg
    case .png: return .png
    case let other?:
      throw Failure(
        reason: "its content is \(other.rawValue), which is not read: convert it to PNG")
    case nil: throw Failure(reason: "its content is neither JPEG nor PNG")
    }
  }

  private func size(
    of bytes: UnsafeRawBufferPointer, format: Format
  ) throws(Failure) -> Size {
    let size =
      switch format {
      case .jpeg: try jpegSize(bytes)
      case .png: try pngSize(bytes)
      }
    guard size.width > 0, size.height > 0 else {
      throw Failure(reason: "it ends before its pixels begin")
    }
    guard size.width <= Self.largestPixelCount / size.height else {
      throw Failure(reason: "\(size.width) x \(size.height) pixels are too many")
    }
    return size
  }

  /// Memory for `count` pixels, and for what the resampling reads past them.
  private func memory(pixels count: Int) throws(Failure) -> UnsafeMutablePointer<UInt8> {
    let bytes = count * Self.bytesPerPixel + consort_resampling_slack
    if bytes > Self.largeBytes, let shortage = Memory.shortage(bytes: bytes) {
      throw Failure(
        reason:
          "its pixels \(shortage): make it smaller, or raise the limit on memory, as with `ulimit -v`"
      )
    }
    return pixels.reserve(bytes)
  }

  /// Below so many bytes nothing is asked: most photographs have less.
  private static let largeBytes = 64 << 20
}

// MARK: - JPEG

extension ImageDecoder {
  private func jpegSize(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> Size {
    guard let jpeg else { throw Failure(reason: "out of memory") }
    var width: UInt32 = 0
    var height: UInt32 = 0
    let status = consort_jpeg_read_header(
      jpeg, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &width, &height)
    guard status == 0 else { throw jpegFailure }
    return Size(width: Int(width), height: Int(height))
  }

  /// Decodes; the header was read.
  private func decodeJPEG(
    _ bytes: UnsafeRawBufferPointer, size: Size, _ selection: Selection
  ) throws(Failure) -> DecodedPixels {
    let divisor = selection.denominator
    let whole = Selection(
      denominator: divisor, columns: 0..<(size.width + divisor - 1) / divisor,
      rows: 0..<(size.height + divisor - 1) / divisor)
    // Whether the file is cut short shows only at its end, and must not depend on the part that is wanted.
    let isWhole = !Self.endsWithEndMarker(bytes)
    let pixels = try decodeJPEG(isWhole ? whole : selection)
    guard pixels.isDamaged, !isWhole else { return pixels }
    // Where data is damaged, what rows before a part leave behind may differ from what the whole image leaves.
    _ = try jpegSize(bytes)
    return try decodeJPEG(whole)
  }

  private func decodeJPEG(_ selection: Selection) throws(Failure) -> DecodedPixels {
    let (columns, rows) = (selection.columns, selection.rows)
    var area = consort_jpeg_area(
      x: UInt32(columns.lowerBound), y: UInt32(rows.lowerBound), width: UInt32(columns.count),
      height: UInt32(rows.count))
    guard consort_jpeg_start(jpeg, UInt32(selection.denominator), &area) == 0 else {
      throw jpegFailure
    }
    let count = Int(area.width) * Int(area.height)
    let target = try memory(pixels: count)
    guard consort_jpeg_read(jpeg, target, count * Self.bytesPerPixel) == 0 else {
      throw jpegFailure
    }
    return DecodedPixels(
      bytes: target, bytesPerRow: Int(area.width) * Self.bytesPerPixel,
      area: PixelRectangle(
        x: Int(area.x), y: Int(area.y), width: Int(area.width), height: Int(area.height)),
      isDamaged: consort_jpeg_is_damaged(jpeg) != 0)
  }

  private static func endsWithEndMarker(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 2 && bytes[bytes.count - 2] == 0xFF && bytes[bytes.count - 1] == 0xD9
  }

  private var jpegFailure: Failure {
    Failure(reason: String(cString: consort_jpeg_message(jpeg)))
  }
}

// MARK: - PNG

extension ImageDecoder {
  private static let messageCapacity = 200

  private func pngSize(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> Size {
    var width: UInt32 = 0
    var height: UInt32 = 0
    var message = [CChar](repeating: 0, count: Self.messageCapacity)
    let status = consort_png_read_size(
      bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &width, &height,
      &message, message.count)
    guard status == 0 else { throw Self.pngFailure(message) }
    return Size(width: Int(width), height: Int(height))
  }

  private func decodePNG(
    _ bytes: UnsafeRawBufferPointer, size: Size
  ) throws(Failure) -> DecodedPixels {
    let count = size.width * size.height
    let target = try memory(pixels: count)
    var message = [CChar](repeating: 0, count: Self.messageCapacity)
    let status = consort_png_decode(
      bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, target,
      count * Self.bytesPerPixel, &message, message.count)
    guard status == 0 else { throw Self.pngFailure(message) }
    return DecodedPixels(
      bytes: target, bytesPerRow: size.width * Self.bytesPerPixel,
      area: PixelRectangle(x: 0, y: 0, width: size.width, height: size.height))
  }

  private static func pngFailure(_ message: [CChar]) -> Failure {
    let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return Failure(reason: text.isEmpty ? "out of memory" : String(decoding: text, as: UTF8.self))
  }
}
