import Files

/// An array in a file of NumPy's own format, mapped and checked: in either order of elements and bytes, no Python objects.
///
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
struct NumPyArray: Sendable {
  /// What errors call it: the file, and the array in it where it holds several.
  let source: String
  let element: NumPyElement
  let shape: [Int]
  /// Whether elements lie column by column.
  let isFortranOrder: Bool
  private let bytes: NumPyBytes
  private let start: Int

  /// Reads the header of the array that fills `range` of the bytes.
  init(_ bytes: NumPyBytes, range: Range<Int>, source: String) throws(EnsembleError) {
    let header = try Self.header(bytes, range: range, source: source)
    guard let element = NumPyElement(descriptor: header.descriptor) else {
      throw Self.refused(descriptor: header.descriptor, source: source)
    }
    var byteCount = element.size
    for dimension in header.shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
      guard !overflow else {
        throw .invalidImport(
          source: source, reason: "has the impossible shape \(header.shape)",
          fix: "save the array again")
      }
      byteCount = product
    }
    guard byteCount == range.upperBound - header.end else {
      throw .invalidImport(
        source: source,
        reason: "has \(range.upperBound - header.end) bytes where its shape \(header.shape) "
          + "takes \(byteCount)",
        fix: "save the array again, whole")
    }
    self.source = source
    self.element = element
    self.bytes = bytes
    shape = header.shape
    isFortranOrder = header.isFortranOrder && header.shape.count > 1
    start = header.end
  }

  /// Maps the array in the file at `path`.
  init(path: String) throws(EnsembleError) {
    let file = try importedFile(path)
    try self.init(.mapped(file), range: 0..<file.count, source: path)
  }

  /// The number of elements.
  var count: Int { shape.reduce(1, *) }

  /// The shape without ones beyond the second dimension: `[N, C]` of `[N, C, 1]` and `[N, 1, C]`.
  var matrixShape: (rows: Int, columns: Int)? {
    var shape = shape
    while shape.count > 2, let one = shape.lastIndex(of: 1) { shape.remove(at: one) }
    return shape.count == 2 ? (shape[0], shape[1]) : nil
  }

  /// The elements of a matrix's `rows`, one row after another, as doubles; whole numbers above 2 to the power of 53 nearly.
  func matrix(_ rows: Range<Int>, into target: inout [Double]) {
    guard let (count, columns) = matrixShape else { return }
    target.removeAll(keepingCapacity: true)
    guard isFortranOrder else {
      bytes.withBytes { raw in
        element.forEach(
          in: raw, from: start, places: rows.lowerBound * columns..<rows.upperBound * columns
        ) {
          target.append($0)
        }
      }
      return
    }
    target.append(contentsOf: repeatElement(0, count: rows.count * columns))
    bytes.withBytes { raw in
      for column in 0..<columns {
        var place = column
        element.forEach(
          in: raw, from: start,
          places: column * count + rows.lowerBound..<column * count + rows.upperBound
        ) {
          target[place] = $0
          place += columns
        }
      }
    }
  }

  /// All elements of an array of whole numbers or truths, in the order in which they lie.
  func integers() -> [Int64] {
    bytes.withBytes { raw in
      (0..<count).map { element.integer(in: raw, at: start + $0 * element.size) }
    }
  }

  /// All elements, in the order in which they lie.
  func doubles() -> [Double] {
    var found: [Double] = []
    found.reserveCapacity(count)
    bytes.withBytes { raw in
      element.forEach(in: raw, from: start, places: 0..<count) { found.append($0) }
    }
    return found
  }

  /// All elements of an array of texts; nil where one is none.
  func texts() -> [String]? {
    bytes.withBytes { raw in
      var found: [String] = []
      for place in 0..<count {
        guard let text = element.text(in: raw, at: start + place * element.size) else { return nil }
        found.append(text)
      }
      return found
    }
  }
}

/// The bytes of arrays, mapped or in memory.
enum NumPyBytes: Sendable {
  case mapped(MappedFile)
  case memory([UInt8])

  func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    switch self {
    case .mapped(let file): try file.withBytes(body)
    case .memory(let bytes): try bytes.withUnsafeBytes(body)
    }
  }
}

// MARK: - The header

extension NumPyArray {
  private struct Header {
    var descriptor = ""
    var isFortranOrder = false
    var shape: [Int] = []
    /// Where the elements begin in the file.
    var end = 0
  }

  private static let longestHeader = 65_536

  private static func refused(descriptor: String, source: String) -> EnsembleError {
    if descriptor.contains("O") {
      return .invalidImport(
        source: source, reason: "holds pickled Python objects, which may run code and are not read",
        fix: "save plain arrays of numbers")
    }
    return .invalidImport(
      source: source, reason: "has elements of type '\(descriptor.prefix(40))'",
      fix: "save float32 scores, and labels as int64")
  }

  private static func header(
    _ file: NumPyBytes, range: Range<Int>, source: String
  ) throws(EnsembleError) -> Header {
    let broken = EnsembleError.invalidImport(
      source: source, reason: "is not a NumPy array", fix: "save it with numpy.save")
    let found: (text: [UInt8], end: Int)? = file.withBytes { all in
      let bytes = UnsafeRawBufferPointer(rebasing: all[range])
      guard bytes.count >= 10, bytes.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8))
      else { return nil }
      let isLong = bytes[6] >= 2
      let start = isLong ? 12 : 10
      guard bytes[6] <= 3, bytes.count >= start else { return nil }
      let length = (8..<start).reduce(0) { $0 | Int(bytes[$1]) << (8 * ($1 - 8)) }
      guard length <= longestHeader, bytes.count - start >= length else { return nil }
      return (Array(bytes[start..<start + length]), start + length)
    }
    guard let found else { throw broken }
    var scanner = PythonLiteral(found.text)
    guard let entries = scanner.dictionary(), case .text(let descriptor)? = entries["descr"],
      case .truth(let isFortranOrder)? = entries["fortran_order"],
      case .tuple(let shape)? = entries["shape"]
    else {
      // A structured type is a list of fields.
      let text = String(decoding: found.text, as: UTF8.self)
      if text.contains("'|O'") { throw refused(descriptor: "O", source: source) }
      guard text.contains("'descr': [") else { throw broken }
      throw EnsembleError.invalidImport(
        source: source, reason: "has fields with names",
        fix: "save plain numbers, [N, C]: numpy.lib.recfunctions.structured_to_unstructured")
    }
    return Header(
      descriptor: descriptor, isFortranOrder: isFortranOrder, shape: shape,
      end: range.lowerBound + found.end)
  }
}
