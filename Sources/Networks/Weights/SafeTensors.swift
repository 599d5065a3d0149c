import Files

/// A safetensors file, mapped into memory and checked whole before any tensor is read.
///
/// The format: eight bytes with the header's length, little-endian; the header, JSON that gives each tensor's type, shape
/// and place; the tensors' bytes, row-major, little-endian, without gaps.
///
/// Source: https://github.com/huggingface/safetensors#format
public struct SafeTensors: Sendable {
  /// What the header says about one tensor.
  public struct Entry: Hashable, Sendable {
    /// The type of the elements.
    public let dataType: TensorDataType
    /// The dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// The place of the bytes in the file.
    let range: Range<Int>

    /// The number of elements.
    public var count: Int { range.count / dataType.byteCount }
    /// The number of bytes.
    public var byteCount: Int { range.count }
  }

  /// The path that was opened.
  public let path: String
  /// The tensors' names, in the order of their data.
  public let names: [String]
  /// The strings under `__metadata__`; empty where the file has none.
  public let metadata: [String: String]
  private let file: MappedFile
  private let entries: [String: Entry]

  /// Maps the file at `path` and checks its header: length, JSON, names, types, shapes, and that the tensors cover the
  /// data exactly. The tensors' values are not looked at.
  public init(path: String) throws(WeightsError) {
    let file: MappedFile
    do throws(FileError) { file = try MappedFile(path: path) } catch { throw .file(error) }
    let header = try file.withBytes { bytes in
      Result { () throws(WeightsError) in try SafeTensorsHeader(bytes, path: path) }
    }.get()
    self.path = path
    self.file = file
    names = header.entries.map(\.name)
    metadata = header.metadata
    var entries: [String: Entry] = [:]
    for entry in header.entries {
      let start = header.dataOffset + entry.range.lowerBound
      entries[entry.name] = Entry(
        dataType: entry.dataType, shape: entry.shape, range: start..<start + entry.range.count)
    }
    self.entries = entries
  }

  /// Returns the type and shape of the tensor `name`.
  ///
  /// - Throws: `WeightsError.missingTensor`.
  public func entry(_ name: String) throws(WeightsError) -> Entry {
    guard let entry = entries[name] else { throw .missingTensor(path: path, tensor: name) }
    return entry
  }

  /// Returns the bytes of the tensor `name`, mapped.
  ///
  /// - Throws: `WeightsError.missingTensor`.
  public func bytes(of name: String) throws(WeightsError) -> TensorBytes {
    TensorBytes(file: file, range: try entry(name).range)
  }

  /// Calls `body` with the bytes of the tensor `name`, which are valid during the call only.
  ///
  /// The address may be less aligned than the elements: read them with `loadUnaligned`, or copy them.
  ///
  /// - Throws: `WeightsError.missingTensor`, or what `body` throws.
  public func withBytes<R>(
    of name: String, _ body: (UnsafeRawBufferPointer) throws -> R
  ) throws -> R {
    try bytes(of: name).withBytes(body)
  }

  /// Returns the elements of a F32, F16 or BF16 tensor, row-major; each value is exact.
  ///
  /// - Throws: `WeightsError.missingTensor`, `.wrongDataType`, or `.file` where memory does not suffice.
  public func floats(named name: String) throws(WeightsError) -> [Float] {
    let entry = try entry(name)
    switch entry.dataType {
    case .float32: return try elements(entry)
    case .float16:
      try checkMemory(entry.count, of: MemoryLayout<Float>.stride)
      let halves: [UInt16] = try elements(entry)
      return halves.map { Float(Float16(bitPattern: $0)) }
    case .bfloat16:
      try checkMemory(entry.count, of: MemoryLayout<Float>.stride)
      let halves: [UInt16] = try elements(entry)
      return halves.map { Float(bitPattern: UInt32($0) << 16) }
    default:
      throw .wrongDataType(
        path: path, tensor: name, expected: [.float32, .float16, .bfloat16], found: entry.dataType)
    }
  }

  /// Returns the elements of an I64 tensor, row-major.
  ///
  /// - Throws: `WeightsError.missingTensor`, `.wrongDataType`, or `.file` where memory does not suffice.
  public func int64s(named name: String) throws(WeightsError) -> [Int64] {
    let entry = try entry(name)
    guard entry.dataType == .int64 else {
      throw .wrongDataType(path: path, tensor: name, expected: [.int64], found: entry.dataType)
    }
    return try elements(entry)
  }

  private func checkMemory(_ count: Int, of stride: Int) throws(WeightsError) {
    do throws(FileError) { try Memory.check(count: count, of: stride, for: path) } catch {
      throw .file(error)
    }
  }

  /// Copies the bytes of a tensor as values of a type of the same size.
  private func elements<Element: BitwiseCopyable>(
    _ entry: Entry
  ) throws(WeightsError) -> [Element] {
    try checkMemory(entry.count, of: MemoryLayout<Element>.stride)
    return file.withBytes { bytes in
      [Element](unsafeUninitializedCapacity: entry.count) { buffer, count in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
        count = entry.count
      }
    }
  }
}

/// The bytes of one tensor in a mapped file, which stays mapped as long as this value lives.
public struct TensorBytes: Sendable {
  let file: MappedFile
  let range: Range<Int>

  /// The number of bytes.
  public var count: Int { range.count }

  /// Calls `body` with the bytes, which are valid during the call only.
  ///
  /// The address may be less aligned than the elements.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try file.withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// Lets the system take back the memory of these bytes, counted from the tensor's first; the next read brings them in
  /// again.
  public func release(_ part: Range<Int>) {
    let bytes = part.clamped(to: 0..<count)
    file.release(range.lowerBound + bytes.lowerBound..<range.lowerBound + bytes.upperBound)
  }
}

extension SafeTensors {
  /// Makes sure that a tensor of weights can be computed with: all numbers are finite, and variances not negative.
  ///
  /// - Throws: `WeightsError.uselessNumber`, `.wrongDataType`, or `.file` where memory does not suffice.
  public func checkNumbers(of name: String) throws {
    _ = try weights(named: name)
  }
}
