import Files

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The path of a file beside these tests.
func fixture(_ name: String, file: String = #filePath) -> String {
  file.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Fixtures/\(name)"
}

/// A directory that is removed when the value goes.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/consort-weights-XXXXXX".utf8CString)
    mkdtemp(&template)
    path = template.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
  }

  deinit {
    for name in (try? Directory.names(in: path)) ?? [] { unlink("\(path)/\(name)") }
    rmdir(path)
  }
}

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
