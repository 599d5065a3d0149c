/// What a file is, by its first bytes.
package enum CheckpointFormat: Sendable {
  case zip, pickle, tar, webPage, pointer, json, other

  package init(_ bytes: UnsafeRawBufferPointer) {
    func begins(_ text: String, at offset: Int = 0) -> Bool {
      bytes.dropFirst(offset).starts(with: text.utf8)
    }
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      self = .zip
    } else if begins("version https://git-lfs") {
      self = .pointer
    } else if begins("ustar", at: 257) {
      self = .tar
    } else if bytes.first == 0x80, !begins("{", at: 8) {
      // The ninth byte is where a safetensors file begins its header.
      self = .pickle
    } else if !bytes.prefix(8).contains(0),
      let first = bytes.prefix(64).first(where: { !Self.isSpace($0) }),
      first == UInt8(ascii: "<") || first == UInt8(ascii: "{")
    {
      // The length that begins a safetensors file has zeros in its eight bytes.
      self = first == UInt8(ascii: "<") ? .webPage : .json
    } else {
      self = .other
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (9...13).contains(byte) }

  /// What is wrong with it, to stand behind the file's name.
  var fault: String {
    switch self {
    case .webPage: "is a web page, not a file of weights"
    case .pointer:
      "is the pointer that Git LFS leaves in place of a file: `git lfs pull` fetches it"
    case .json: "is text, not a file of weights"
    default: "is no file of PyTorch's"
    }
  }
}
