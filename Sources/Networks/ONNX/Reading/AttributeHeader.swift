/// One setting of an operation.
struct AttributeHeader {
  private(set) var name = ""
  private(set) var integers: [Int] = []
  private(set) var texts: [String] = []
  private(set) var tensor: ProtobufReader?
  private var type = 0
  /// Which fields hold values.
  private var fields: Set<Int> = []

  /// More than this are in no list of a model of images.
  private static let mostIntegers = 1 << 16

  init(_ message: ProtobufReader) throws {
    var reader = message
    while let (field, value) = try reader.next() {
      switch field {
      case 1: name = try value.text(reader)
      case 2:
        guard case .fixed32 = value else { throw reader.failure("lacks a number") }
      case 3: integers = [try value.integer(reader)]
      case 4: texts = [try value.text(reader)]
      case 5: tensor = try value.message(reader)
      case 7: _ = try value.count(ofNumbersOf: 4, reader)
      case 8: try value.appendIntegers(to: &integers, limit: Self.mostIntegers, reader)
      case 9: texts.append(try value.text(reader))
      case 20: type = try value.integer(reader)
      case 6, 10, 11, 14, 15, 21, 22, 23: break
      default: continue
      }
      if field != 1, field != 20 { fields.insert(field) }
    }
  }

  /// Whether it says that it is of the type, and holds no other; what holds nothing is an empty list.
  func holds(_ type: OperatorSchema.Attribute) -> Bool {
    guard self.type == type.rawValue else { return false }
    switch type {
    case .float: return fields == [2]
    case .integer: return fields == [3]
    case .text: return fields == [4]
    case .tensor: return fields == [5]
    case .floats: return fields.isSubset(of: [7])
    case .integers: return fields.isSubset(of: [8])
    case .texts: return fields.isSubset(of: [9])
    }
  }
}
