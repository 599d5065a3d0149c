import Compression

/// The bytes that a DEFLATE stream without a head stands for; nil where it is damaged or they are not `size`.
func inflated(_ bytes: UnsafeRawBufferPointer, size: Int) -> [UInt8]? {
  guard size >= 0 else { return nil }
  do throws(Compression.Failure) {
    let result = try Compression.decompress(bytes, .raw, limit: size, expectedSize: size)
    return result.count == size ? result : nil
  } catch {
    return nil
  }
}
