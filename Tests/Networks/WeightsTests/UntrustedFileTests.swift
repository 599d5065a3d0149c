import Files
import TestSupport
import Testing

@testable import Weights

@Suite struct UntrustedFileTests {
  private let directory: TemporaryDirectory
  private var path: String { "\(directory.path)/bad.safetensors" }

  init() throws { directory = try TemporaryDirectory() }

  private func expect(
    _ bytes: [UInt8], _ error: WeightsError, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try DurableFile.write(bytes, to: path)
    #expect(throws: error, sourceLocation: sourceLocation) { try SafeTensors(path: path) }
    #expect(error.description.contains(path), sourceLocation: sourceLocation)
  }

  private func expect(
    _ header: String, dataCount: Int = 8, _ error: WeightsError,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let bytes = safeTensorsBytes(header: header, dataCount: dataCount)
    try expect(bytes, error, sourceLocation: sourceLocation)
  }

  private func entry(_ type: String = "F32", _ shape: String = "2", _ range: String = "0,8")
    -> String
  {
    "{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(range)]}"
  }

  @Test func lengths() throws {
    try expect([], .tooShort(path: path, byteCount: 0))
    try expect([1, 0, 0], .tooShort(path: path, byteCount: 3))
    let huge = [UInt8](repeating: 255, count: 9)
    try expect(huge, .headerTooLong(path: path, byteCount: .max, limit: 100_000_000))
    let beyond: [UInt8] = [3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D]
    try expect(beyond, .headerBeyondFile(path: path, headerByteCount: 3, fileByteCount: 10))
    let none = [UInt8](repeating: 0, count: 8)
    try expect(none, .malformedHeader(path: path, offset: 0, expected: "'{'"))
    let absent = "\(directory.path)/absent"
    let missing = FileError.cannotRead(path: absent, reason: "No such file or directory")
    #expect(throws: WeightsError.file(missing)) { try SafeTensors(path: absent) }
  }

  @Test func theHeaderIsJSON() throws {
    let malformed: [(String, Int, String)] = [
      (" {}", 0, "'{'"), ("[]", 0, "'{'"), ("{", 1, "a string"),
      ("{}x", 2, "the end of the header"),
      ("{\"a\":\(entry()),}", 54, "a string"),
      ("{\"a\"}", 4, "':'"), ("{\"a", 3, "the end of a string"),
      ("{\"a\n\":1}", 3, "the end of a string"), ("{\"\\x\":1}", 4, "an escape before"),
      ("{\"\\ud800\":1}", 8, "the second half of a surrogate pair"),
      ("{\"\\udc00\":1}", 8, "the second half of a surrogate pair"),
      ("{\"\\ud800\\u0041\":1}", 14, "the second half of a surrogate pair before"),
      ("{\"\\u12g4\":1}", 6, "four hexadecimal digits"), ("{\"a\":1}", 5, "'{'"),
      ("{\"a\":{\"shape\":[1.5]}}", 16, "']'"),
      ("{\"a\":{\"shape\":[-1]}}", 15, "an integer that is not negative"),
      ("{\"a\":{\"shape\":[01]}}", 17, "an integer that is not negative"),
      ("{\"a\":{\"shape\":[9223372036854775808]}}", 33, "an integer of at most \(Int.max)"),
      ("{\"a\":{\"strides\":[1]}}", 16, "dtype, shape or data_offsets instead of 'strides'"),
      ("{\"a\":\(entry("F32", "2", "0,8,8"))}", 55, "two data_offsets for tensor 'a' before"),
      ("{\"__metadata__\":{\"a\":1}}", 21, "a string"),
    ]
    for (header, offset, expected) in malformed {
      try expect(header, .malformedHeader(path: path, offset: offset, expected: expected))
    }
    let invalid: [UInt8] = [5, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x22, 0xFF, 0x22, 0x7D]
    try expect(
      invalid, .malformedHeader(path: path, offset: 4, expected: "well-formed UTF-8 before"))
  }

  @Test func namesComeOnce() throws {
    try expect("{\"a\":\(entry()),\"a\":\(entry())}", .duplicateName(path: path, name: "a"))
    let metadata = "{\"__metadata__\":{},\"__metadata__\":{}}"
    try expect(metadata, .duplicateName(path: path, name: "__metadata__"))
    try expect(
      "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", .duplicateName(path: path, name: "k"))
    try expect(
      "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", .duplicateName(path: path, name: "dtype"))
    // The same name under an escape.
    try expect("{\"a\":\(entry()),\"\\u0061\":\(entry())}", .duplicateName(path: path, name: "a"))
  }

  @Test func entriesAreWholeAndPossible() throws {
    let missing = [
      ("{\"a\":{}}", "dtype"), ("{\"a\":{\"dtype\":\"F32\"}}", "shape"),
      ("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}", "data_offsets"),
    ]
    for (header, field) in missing {
      try expect(header, .missingField(path: path, tensor: "a", field: field))
    }
    try expect(
      "{\"a\":\(entry("F128"))}", .unknownDataType(path: path, tensor: "a", dataType: "F128"))
    let overflowing = [Int.max, 2]
    try expect(
      "{\"a\":\(entry("U8", "\(Int.max),2"))}",
      .invalidShape(path: path, tensor: "a", shape: overflowing))
    try expect(
      "{\"a\":\(entry("F64", "\(Int.max)"))}",
      .invalidShape(path: path, tensor: "a", shape: [.max]))
    try expect(
      "{\"a\":\(entry("F32", "2", "8,0"))}",
      .reversedRange(path: path, tensor: "a", start: 8, end: 0))
    try expect(
      "{\"a\":\(entry("F32", "3", "0,12"))}",
      .rangeBeyondFile(path: path, tensor: "a", end: 12, available: 8))
    try expect(
      "{\"a\":\(entry("F32", "3"))}",
      .wrongByteCount(path: path, tensor: "a", expected: 12, found: 8))
  }

  @Test func tensorsCoverTheDataExactly() throws {
    let first = entry("U8", "4", "0,4")
    try expect(
      "{\"a\":\(first),\"b\":\(entry("U8", "5", "3,8"))}",
      .overlap(path: path, tensor: "b", other: "a"))
    try expect(
      "{\"a\":\(first),\"b\":\(entry("U8", "3", "5,8"))}",
      .hole(path: path, tensor: "b", byteCount: 1))
    try expect("{\"a\":\(first)}", .uncoveredBytes(path: path, byteCount: 4))
    try expect("{}", .uncoveredBytes(path: path, byteCount: 8))
    try expect(
      "{\"a\":\(entry("U8", "7", "1,8"))}", .hole(path: path, tensor: "a", byteCount: 1))
  }

  @Test func theOrderInTheHeaderIsFreeAndSoAreSpaces() throws {
    let header =
      " { \"b\" : { \"shape\" : [ ] , \"data_offsets\":[4,8], \"dtype\":\"F32\" } , "
      + "\"a\":\(entry("F32", "1", "0,4")) }  \n"
    let bytes = safeTensorsBytes(header: String(header.dropFirst()), dataCount: 8)
    try DurableFile.write(bytes, to: path)
    let file = try SafeTensors(path: path)
    #expect(file.names == ["a", "b"])
    #expect(try file.entry("b").shape == [])
    #expect(throws: WeightsError.missingTensor(path: path, tensor: "c")) {
      try file.floats(named: "c")
    }
    let wrong = WeightsError.wrongDataType(
      path: path, tensor: "a", expected: [.int64], found: .float32)
    #expect(throws: wrong) { try file.int64s(named: "a") }
  }

  @Test func everyTruncationIsAnError() throws {
    let whole = try contents(fixture("consort.safetensors"))
    for count in whole.indices {
      let bytes = Array(whole[..<count])
      #expect(throws: WeightsError.self, "cut to \(count) bytes") {
        try bytes.withUnsafeBytes { try SafeTensorsHeader($0, path: "cut") }
      }
    }
  }

  /// Each bit of each byte, flipped alone, gives an error or a file whose tensors can all be read.
  @Test func everyFlippedBitIsAnErrorOrAFile() throws {
    let whole = try contents(fixture("consort.safetensors"))
    var accepted = 0
    for index in whole.indices {
      for bit in 0..<8 {
        var bytes = whole
        bytes[index] ^= 1 << bit
        let header = bytes.withUnsafeBytes { bytes in
          Result { () throws(WeightsError) in try SafeTensorsHeader(bytes, path: "flipped") }
        }
        guard let header = try? header.get() else { continue }
        accepted += 1
        let covered = header.entries.reduce(0) { $0 + $1.range.count }
        #expect(header.dataOffset + covered == bytes.count)
      }
    }
    #expect(accepted > 0)
  }
}
