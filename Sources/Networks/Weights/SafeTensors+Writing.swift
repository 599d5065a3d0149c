import Files

extension SafeTensors {
  /// Writes a safetensors file, whole or not at all.
  ///
  /// The same arguments give the same bytes: metadata are sorted by key; tensors stand in the order given, except that
  /// those of wider elements come first, so that each is aligned to its elements. The data begin at a multiple of 8.
  ///
  /// - Parameters:
  ///   - path: The file to write or replace.
  ///   - tensors: The tensors; their names differ from one another.
  ///   - metadata: Strings kept in the header.
  ///   - isChecksummed: Whether the metadata get a checksum, for `verifyChecksum`; each tensor is then asked twice for
  ///     its bytes.
  /// - Throws: `WeightsError` where a name, a shape or a number of bytes is wrong or the file cannot be written, or what
  ///   a tensor's closure throws. What was at `path` is then unchanged.
  public static func write(
    to path: String, tensors: [TensorContent], metadata: [String: String] = [:],
    isChecksummed: Bool = false
  ) throws {
    let ordered = stablySortedByWidth(tensors)
    var metadata = metadata
    if isChecksummed {
      metadata[checksumKey] = try checksum(of: ordered, metadata: metadata)
    }
    try writing(ordered, metadata, path: path) { body in
      try DurableFile.write(to: path, body)
    }
  }

  /// Writes a safetensors file with a checksum only where there is none, whole or not at all; of several processes, also on
  /// several machines, one makes it.
  ///
  /// - Returns: Whether this call made it.
  /// - Throws: As `write` does.
  public static func create(
    at path: String, tensors: [TensorContent], metadata: [String: String]
  ) throws -> Bool {
    let ordered = stablySortedByWidth(tensors)
    var metadata = metadata
    metadata[checksumKey] = try checksum(of: ordered, metadata: metadata)
    return try writing(ordered, metadata, path: path) { body in
      try DurableFile.create(at: path, body)
    }
  }

  /// Has `make` make a file of what its closure writes.
  private static func writing<R>(
    _ ordered: [TensorContent], _ metadata: [String: String], path: String,
    make: ((inout DurableFile.Writer) throws -> Void) throws -> R
  ) throws -> R {
    let header = try header(of: ordered, metadata: metadata, path: path)
    do {
      return try make { writer in
        try writer.write(withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) })
        try writer.write(header)
        for tensor in ordered { try write(tensor, to: &writer, path: path) }
      }
    } catch let error as FileError {
      throw WeightsError.file(error)
    }
  }

  private static func write(
    _ tensor: TensorContent, to writer: inout DurableFile.Writer, path: String
  ) throws {
    let expected = try byteCount(of: tensor, path: path)
    var given = 0
    try tensor.forEachPiece { piece in
      given += piece.count
      guard given <= expected else { return }
      try writer.write(piece)
    }
    guard given == expected else {
      throw WeightsError.wrongByteCount(
        path: path, tensor: tensor.name, expected: expected, found: given)
    }
  }

  private static func byteCount(
    of tensor: TensorContent, path: String
  ) throws(WeightsError) -> Int {
    guard let count = tensor.dataType.byteCount(ofShape: tensor.shape) else {
      throw .invalidShape(path: path, tensor: tensor.name, shape: tensor.shape)
    }
    return count
  }

  private static func stablySortedByWidth(_ tensors: [TensorContent]) -> [TensorContent] {
    tensors.enumerated().sorted {
      let (first, second) = ($0.element.dataType.byteCount, $1.element.dataType.byteCount)
      return first == second ? $0.offset < $1.offset : first > second
    }.map(\.element)
  }

  private static func header(
    of tensors: [TensorContent], metadata: [String: String], path: String
  ) throws(WeightsError) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map {
        "\(quoted($0.key)):\(quoted($0.value))"
      }
      members.append("\(quoted(SafeTensorsHeader.metadataKey)):{\(pairs.joined(separator: ","))}")
    }
    var names: Set<String> = []
    var end = 0
    for tensor in tensors {
      guard tensor.name != SafeTensorsHeader.metadataKey else {
        throw .reservedName(path: path, name: tensor.name)
      }
      guard names.insert(tensor.name).inserted else {
        throw .duplicateName(path: path, name: tensor.name)
      }
      let start = end
      let (next, overflow) = start.addingReportingOverflow(try byteCount(of: tensor, path: path))
      guard !overflow else {
        throw .invalidShape(path: path, tensor: tensor.name, shape: tensor.shape)
      }
      end = next
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.dataType.rawValue)\","
          + "\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}")
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    header.append(contentsOf: repeatElement(0x20, count: (8 - header.count % 8) % 8))
    guard header.count <= SafeTensorsHeader.maximumByteCount else {
      throw .headerTooLong(
        path: path, byteCount: UInt64(header.count), limit: SafeTensorsHeader.maximumByteCount)
    }
    return header
  }

  /// The JSON string of `text`.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
