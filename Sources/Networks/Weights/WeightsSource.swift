import Files

/// Tensors by name, whatever format the file has.
package protocol WeightsSource: Sendable {
  /// The file.
  var path: String { get }
  /// The tensors' names, in the file's order.
  var names: [String] { get }
  /// What was understood of the file.
  var notes: [Note] { get }

  /// The dimensions of the tensor `name`, outermost first; empty for a scalar.
  func shape(of name: String) throws -> [Int]

  /// The type of the elements of the tensor `name`.
  func dataType(of name: String) throws -> TensorDataType

  /// Calls `body` with the elements of the tensor `name`, row-major and little-endian, which are valid during the call only.
  func withBytes<R>(of name: String, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R
}

extension SafeTensors: WeightsSource {
  package var notes: [Note] { [] }
  package func shape(of name: String) throws -> [Int] { try entry(name).shape }
  package func dataType(of name: String) throws -> TensorDataType { try entry(name).dataType }
}

extension WeightsSource {
  /// The numbers of a tensor of weights, which can be computed with: all are finite, and variances not negative.
  ///
  /// - Throws: `WeightsError.uselessNumber`; `.wrongDataType` where the elements are no floating-point numbers of 16 to 64 bits;
  ///   `.file` where memory does not suffice.
  package func weights(named name: String) throws -> ConvertedWeights {
    let type = try dataType(of: name)
    guard ConvertedWeights.dataTypes.contains(type) else {
      throw WeightsError.wrongDataType(
        path: path, tensor: name, expected: ConvertedWeights.dataTypes, found: type)
    }
    let converted = try withBytes(of: name) { bytes in
      do throws(FileError) {
        try Memory.check(
          count: bytes.count / type.byteCount, of: MemoryLayout<Float>.stride, for: path)
      } catch { throw WeightsError.file(error) }
      return ConvertedWeights(bytes, of: type)
    }
    guard !converted.overflows else {
      throw WeightsError.uselessNumber(
        path: path, tensor: name, reason: "holds numbers beyond float32's greatest")
    }
    guard converted.values.allSatisfy(\.isFinite) else {
      throw WeightsError.uselessNumber(
        path: path, tensor: name, reason: "holds NaN or infinite numbers")
    }
    guard !name.hasSuffix("running_var") || converted.values.allSatisfy({ $0 >= 0 }) else {
      throw WeightsError.uselessNumber(
        path: path, tensor: name, reason: "is a variance, and holds numbers below 0")
    }
    return converted
  }
}

/// The elements of a tensor as float32.
package struct ConvertedWeights: Sendable {
  /// Those that can be converted.
  package static let dataTypes: [TensorDataType] = [.float32, .float16, .bfloat16, .float64]

  /// The type that they had.
  package let dataType: TensorDataType
  /// Row-major.
  package let values: [Float]
  /// How many are not exactly what they were.
  package let roundedCount: Int
  /// The most that one of these changed, as a share of itself; 1 where it became 0.
  package let greatestChange: Double
  /// Whether a finite number became infinite.
  package let overflows: Bool

  /// - Parameter bytes: Little-endian elements of one of `dataTypes`.
  init(_ bytes: UnsafeRawBufferPointer, of type: TensorDataType) {
    dataType = type
    let count = bytes.count / type.byteCount
    func element<Bits: FixedWidthInteger>(_ index: Int, _: Bits.Type) -> Bits {
      Bits(
        littleEndian: bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self))
    }
    if type == .float32 {
      // The bytes as they are, on machines whose numbers are little-endian.
      values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
        filled = count
      }
      (roundedCount, greatestChange, overflows) = (0, 0, false)
      return
    }
    guard type == .float64 else {
      values = (0..<count).map { index in
        let bits = element(index, UInt16.self)
        return type == .float16
          ? Float(Float16(bitPattern: bits)) : Float(bitPattern: UInt32(bits) << 16)
      }
      (roundedCount, greatestChange, overflows) = (0, 0, false)
      return
    }
    var (rounded, greatest, beyond) = (0, 0.0, false)
    values = (0..<count).map { index in
      let exact = Double(bitPattern: element(index, UInt64.self))
      let value = Float(exact)
      if exact.isFinite, Double(value) != exact {
        rounded += 1
        greatest = max(greatest, abs((Double(value) - exact) / exact))
        beyond = beyond || value.isInfinite
      }
      return value
    }
    (roundedCount, greatestChange, overflows) = (rounded, greatest, beyond)
  }
}
