import CZlib

/// The bytes that a DEFLATE stream without a head stands for; nil where it is damaged or they are not `size`.
///
/// Source: RFC 1951.
func inflated(_ bytes: UnsafeRawBufferPointer, size: Int) -> [UInt8]? {
  // No stream makes more of a byte than this: a greater size is a lie, and memory is not taken for it.
  guard size >= 0, size / 1032 <= bytes.count else { return nil }
  var stream = z_stream()
  guard
    inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  else { return nil }
  defer { inflateEnd(&stream) }
  var isWhole = false
  let result = [UInt8](unsafeUninitializedCapacity: size) { target, count in
    let input = bytes.bindMemory(to: UInt8.self)
    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
    stream.next_out = target.baseAddress
    var (left, room) = (bytes.count, size)
    var status = Z_OK
    // The library counts in 32 bits.
    while status == Z_OK {
      let (given, free) = (UInt32(clamping: left), UInt32(clamping: room))
      (stream.avail_in, stream.avail_out) = (given, free)
      status = inflate(&stream, Z_NO_FLUSH)
      left -= Int(given - stream.avail_in)
      room -= Int(free - stream.avail_out)
      if given == stream.avail_in, free == stream.avail_out { break }
    }
    isWhole = status == Z_STREAM_END && room == 0
    count = size - room
  }
  return isWhole ? result : nil
}
