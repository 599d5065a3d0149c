import CPNG
import CTurboJPEG

/// Decodes JPEG and PNG files to 8-bit RGB. One thread uses one decoder.
///
/// JPEG: libjpeg-turbo with its accurate integer DCT and smooth chroma upsampling, as Pillow uses it. Greys become
/// RGB; CMYK is taken as Adobe's inverted form and multiplied out, without a colour profile. PNG: greys and palettes
/// become RGB, of 16 bits the higher 8 stay, transparency is dropped, gamma is left alone. Which of the two formats a
/// file has is read from its first bytes, not from its name. An EXIF orientation is not applied.
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

  /// More pixels than this are taken for a damaged or hostile file.
  static let largestPixelCount = 100_000_000

  private enum Format {
    case jpeg, png
  }

  private let jpeg = tjInitDecompress()
  private var pixels: [UInt8] = []
  private var fourChannelPixels: [UInt8] = []

  deinit { if let jpeg { tjDestroy(jpeg) } }

  /// Reads the size from the header of the file in `bytes`.
  func size(of bytes: UnsafeRawBufferPointer) throws(Failure) -> Size {
    let size =
      switch try format(of: bytes) {
      case .jpeg: try jpegHeader(bytes).size
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

  /// Decodes the file in `bytes` and calls `body` with its pixels, `[height, width, 3]`.
  func decode<R>(
    _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeBufferPointer<UInt8>, Size) throws -> R
  ) throws -> R {
    let size = try size(of: bytes)
    let count = 3 * size.width * size.height
    if pixels.count < count { pixels = [UInt8](repeating: 0, count: count) }
    switch try format(of: bytes) {
    case .jpeg:
      if try jpegHeader(bytes).isFourChannel {
        try decodeFourChannelJPEG(bytes, size: size)
      } else {
        try decodeJPEG(bytes, size: size, pixelFormat: TJPF_RGB, into: &pixels)
      }
    case .png: try decodePNG(bytes, byteCount: count)
    }
    return try pixels.withUnsafeBufferPointer { pixels in
      try body(UnsafeBufferPointer(rebasing: pixels[..<count]), size)
    }
  }

  private func format(of bytes: UnsafeRawBufferPointer) throws(Failure) -> Format {
    guard !bytes.isEmpty else { throw Failure(reason: "it is empty") }
    if bytes.starts(with: [0xFF, 0xD8]) { return .jpeg }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return .png }
    throw Failure(reason: "its content is neither JPEG nor PNG")
  }
}

// MARK: - JPEG

extension ImageDecoder {
  private func jpegHeader(
    _ bytes: UnsafeRawBufferPointer
  ) throws(Failure) -> (size: Size, isFourChannel: Bool) {
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = 0
    var colorspace: Int32 = 0
    let status = tjDecompressHeader3(
      jpeg, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), &width,
      &height, &subsampling, &colorspace)
    guard status == 0 || isOnlyAboutStrayBytes else { throw Failure(reason: jpegMessage) }
    let isFourChannel =
      colorspace == Int32(TJCS_CMYK.rawValue) || colorspace == Int32(TJCS_YCCK.rawValue)
    return (Size(width: Int(width), height: Int(height)), isFourChannel)
  }

  /// Decodes; a warning (an early end, a broken code) is an error, but stray bytes between segments are not.
  private func decodeJPEG(
    _ bytes: UnsafeRawBufferPointer, size: Size, pixelFormat: TJPF, into target: inout [UInt8]
  ) throws(Failure) {
    func decompress(_ bytes: UnsafeRawBufferPointer, flags: Int32 = TJFLAG_STOPONWARNING) -> Bool {
      let flags = flags | TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS
      return tjDecompress2(
        jpeg, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(bytes.count), &target,
        Int32(size.width), 0, Int32(size.height), Int32(pixelFormat.rawValue), flags) == 0
    }
    if decompress(bytes) { return }
    guard isOnlyAboutStrayBytes else { throw Failure(reason: jpegMessage) }
    // Only the first warning is known: without the stray bytes it is about something else.
    let isDecoded = JPEGSegments.withoutStrayBytes(bytes).withUnsafeBytes { bytes in
      if decompress(bytes) { return true }
      guard isOnlyAboutBytesAtTheEnd else { return false }
      // The pixels came before that first warning, and nothing comes after it.
      return decompress(bytes, flags: 0) || isOnlyAboutBytesAtTheEnd
    }
    guard isDecoded else { throw Failure(reason: jpegMessage) }
  }

  /// Whether the last message is a warning about bytes between segments, which change nothing.
  private var isOnlyAboutStrayBytes: Bool {
    tjGetErrorCode(jpeg) == Int32(TJERR_WARNING.rawValue)
      && jpegMessage.contains("extraneous bytes before marker")
  }

  /// Whether it is about bytes between the last scan and the end marker.
  private var isOnlyAboutBytesAtTheEnd: Bool {
    isOnlyAboutStrayBytes && jpegMessage.hasSuffix("0xd9")
  }

  private func decodeFourChannelJPEG(
    _ bytes: UnsafeRawBufferPointer, size: Size
  ) throws(Failure) {
    let count = size.width * size.height
    if fourChannelPixels.count < 4 * count {
      fourChannelPixels = [UInt8](repeating: 0, count: 4 * count)
    }
    try decodeJPEG(bytes, size: size, pixelFormat: TJPF_CMYK, into: &fourChannelPixels)
    for index in 0..<count {
      let black = Int(fourChannelPixels[4 * index + 3])
      for channel in 0..<3 {
        let ink = Int(fourChannelPixels[4 * index + channel])
        pixels[3 * index + channel] = UInt8((ink * black + 127) / 255)
      }
    }
  }

  private var jpegMessage: String { String(cString: tjGetErrorStr2(jpeg)) }
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
    _ bytes: UnsafeRawBufferPointer, byteCount: Int
  ) throws(Failure) {
    var message = [CChar](repeating: 0, count: Self.messageCapacity)
    let status = consort_png_decode(
      bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, &pixels, byteCount,
      &message, message.count)
    guard status == 0 else { throw Self.pngFailure(message) }
  }

  private static func pngFailure(_ message: [CChar]) -> Failure {
    let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return Failure(reason: text.isEmpty ? "out of memory" : String(decoding: text, as: UTF8.self))
  }
}
