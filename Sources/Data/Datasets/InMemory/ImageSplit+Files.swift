import Files

extension ImageSplit {
  /// Writes each image as a PNG file, `path/CLASS/NUMBER.png`, whole or not at all; the number is its place in the split.
  ///
  /// - Precondition: It has three channels, and its classes' names can be those of directories.
  /// - Throws: `FileError` where it cannot be written, or something is at `path` already.
  public func writeFiles(to path: String) throws {
    precondition(channels == 3, "red, green and blue")
    let digits = String(max(count - 1, 0)).utf8.count
    try Directory.createWhole(path) { directory in
      for name in Set(labels.map { classNames[Int($0)] }) {
        try Directory.create("\(directory)/\(name)")
      }
      for (index, label) in labels.enumerated() {
        let pixels = bytes.withBytes {
          Array($0[index * bytesPerImage..<(index + 1) * bytesPerImage])
        }
        guard let png = RGBImage(width: width, height: height, pixels: pixels).png() else {
          throw DatasetError.unreadableImage(path: path, reason: "libpng cannot write it")
        }
        let number = String(index)
        let name = String(repeating: "0", count: digits - number.utf8.count) + number
        try DurableFile.write(
          png, to: "\(directory)/\(classNames[Int(label)])/\(name).png", isSynced: false)
      }
    }
  }
}
