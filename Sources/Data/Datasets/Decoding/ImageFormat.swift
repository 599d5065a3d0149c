/// The format of an image file, by its first bytes.
enum ImageFormat: String {
  case jpeg = "JPEG"
  case png = "PNG"
  case webP = "WebP"
  case gif = "GIF"
  case bmp = "BMP"
  case tiff = "TIFF"
  case heif = "HEIF or AVIF"

  /// nil where the bytes begin as none of them does.
  init?(of bytes: UnsafeRawBufferPointer) {
    func begins(_ text: String, at place: Int = 0) -> Bool {
      bytes.dropFirst(place).starts(with: text.utf8)
    }
    if bytes.starts(with: [0xFF, 0xD8]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      self = .png
    } else if begins("RIFF"), begins("WEBP", at: 8) {
      self = .webP
    } else if begins("GIF8") {
      self = .gif
    } else if begins("BM") {
      self = .bmp
    } else if begins("II*\0") || begins("MM\0*") {
      self = .tiff
    } else if begins("ftyp", at: 4) {
      self = .heif
    } else {
      return nil
    }
  }

  /// Whether it is one that is decoded here.
  var isRead: Bool { self == .jpeg || self == .png }
}
