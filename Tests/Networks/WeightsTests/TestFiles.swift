import Files

/// The bytes of a whole file.
func contents(_ path: String) throws -> [UInt8] {
  try MappedFile(path: path).withBytes { Array($0) }
}

/// The bytes of a safetensors file with this header, as it stands, and this many bytes of data.
func safeTensorsBytes(header: String, dataCount: Int) -> [UInt8] {
  let header = Array(header.utf8)
  let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
  return length + header + [UInt8](repeating: 1, count: dataCount)
}
