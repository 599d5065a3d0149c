import Files

/// What a tensor of a model says of itself, and how much data it brings.
struct TensorHeader {
  private(set) var name = ""
  private(set) var shape: [Int] = []
  private var dataType = 0
  private var rawByteCount: Int?
  /// Numbers in the fields of their own types, by the field.
  private var numberCounts: [Int: Int] = [:]
  private var firstByte: UInt8?
  /// Where the data is, if not in the model.
  private(set) var externalPlace: ExternalPlace?

  /// The bits of one number, and the field that holds numbers of the type where they are not raw bytes.
  ///
  /// Source: `TensorProto.DataType` of onnx.proto3.
  private static let types: [Int: (bits: Int, field: Int)] = [
    1: (32, 4), 2: (8, 5), 3: (8, 5), 4: (16, 5), 5: (16, 5), 6: (32, 5), 7: (64, 7), 8: (0, 6),
    9: (8, 5), 10: (16, 5), 11: (64, 10), 12: (32, 11), 13: (64, 11), 14: (64, 4), 15: (128, 10),
    16: (16, 5), 17: (8, 5), 18: (8, 5), 19: (8, 5), 20: (8, 5), 21: (4, 5), 22: (4, 5), 23: (4, 5),
    24: (8, 5),
  ]
  /// The greatest number of `TensorProto.DataType`.
  static let largestType = 24
  /// More numbers than this are in no tensor of a model.
  private static let largestCount = 1 << 31
  /// float32, float16, float64, bfloat16.
  private static let floatingPointTypes = [1, 10, 11, 16]

  init(_ message: ProtobufReader) throws {
    var reader = message
    var (isExternal, place) = (false, ExternalPlace())
    while let (field, value) = try reader.next() {
      switch field {
      case 1: try value.appendIntegers(to: &shape, limit: OperationHeader.largestRank, reader)
      case 2: dataType = try value.integer(reader)
      case 4, 10:
        let size = field == 4 ? 4 : 8
        numberCounts[field, default: 0] += try value.count(ofNumbersOf: size, reader)
      case 5:
        if case .variableInteger(let number) = value { firstByte = number == 0 ? 0 : 1 }
        if case .content(let bytes, _) = value { firstByte = bytes.first }
        numberCounts[field, default: 0] += try value.count(ofNumbersOf: nil, reader)
      case 7, 11: numberCounts[field, default: 0] += try value.count(ofNumbersOf: nil, reader)
      case 6: numberCounts[field, default: 0] += 1
      case 8: name = try value.text(reader)
      case 9:
        guard case .content(let bytes, _) = value else { throw reader.failure("lacks bytes") }
        rawByteCount = bytes.count
        firstByte = bytes.first
      case 13: try place.add(value.message(reader))
      case 14: isExternal = try value.integer(reader) == 1
      default: break
      }
    }
    externalPlace = isExternal ? place : nil
  }

  /// `TensorProto.DataType`.
  var elementType: Int { dataType }

  /// Whether it holds weights, as against numbers that say where to look or how much.
  var isFloatingPoint: Bool { Self.floatingPointTypes.contains(dataType) }

  /// The value of one boolean.
  var truth: Bool? {
    guard dataType == 9, shape.allSatisfy({ $0 == 1 }), externalPlace == nil else { return nil }
    return firstByte.map { $0 != 0 }
  }

  /// How many numbers the shape asks for, which are all there.
  func checkedCount() throws -> Int {
    guard let (bits, field) = Self.types[dataType] else {
      throw ModelParser.Failure(reason: "its tensor '\(name)' is of the unknown type \(dataType)")
    }
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow, product <= Self.largestCount,
        shape.count <= OperationHeader.largestRank
      else {
        throw ModelParser.Failure(reason: "its tensor '\(name)' has the impossible shape \(shape)")
      }
      count = product
    }
    guard externalPlace == nil else { return count }
    // Complex numbers are pairs; numbers of four bits are packed two to a byte.
    let numbers = dataType == 14 || dataType == 15 ? 2 * count : bits == 4 ? (count + 1) / 2 : count
    let isThere =
      rawByteCount.map { $0 == byteCount(of: count) && bits > 0 }
      ?? (numberCounts[field, default: 0] == numbers)
    guard isThere else {
      throw ModelParser.Failure(
        reason: "its tensor '\(name)' has not the data for its shape \(shape)")
    }
    return count
  }

  func byteCount(of count: Int) -> Int {
    let bits = Self.types[dataType]?.bits ?? 0
    return (count * bits + 7) / 8
  }

  /// A part of a file beside the model.
  struct ExternalPlace {
    private var location = ""
    private var offset: Int? = 0
    private var length: Int??

    fileprivate mutating func add(_ message: ProtobufReader) throws {
      let (key, text) = try message.keyAndText()
      switch key {
      case "location": location = text
      case "offset": offset = Int(text)
      case "length": length = .some(Int(text))
      default: break
      }
    }

    /// Makes sure that the data is there, in a file of the model's own directory.
    func check(byteCount: Int, of tensor: String, in directory: String?) throws {
      guard let directory else {
        throw ModelParser.Failure(
          reason: "its tensor '\(tensor)' lies in another file, '\(location)'")
      }
      let parts = location.split(separator: "/", omittingEmptySubsequences: false)
      guard !location.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != ".." && $0 != "." }),
        !location.utf8.contains(0)
      else {
        throw ModelParser.Failure(
          reason: "its tensor '\(tensor)' lies outside of its directory, in '\(location)'")
      }
      guard let file = try? MappedFile(path: "\(directory)/\(location)") else {
        throw ModelParser.Failure(
          reason: "the file '\(directory)/\(location)' with its tensor '\(tensor)' cannot be read")
      }
      guard let offset, offset >= 0, (length ?? byteCount) == byteCount,
        byteCount <= file.count, offset <= file.count - byteCount
      else {
        throw ModelParser.Failure(
          reason: "its tensor '\(tensor)' lies beyond the end of '\(directory)/\(location)'")
      }
    }
  }
}
