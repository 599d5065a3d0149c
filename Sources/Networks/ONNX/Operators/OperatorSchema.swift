/// What ONNX says of an operator in one version.
struct OperatorSchema {
  /// How many inputs and outputs it may have.
  let inputs, outputs: ClosedRange<Int>
  /// Attributes, by name.
  let attributes: [String: Attribute]
  /// Those without which it means nothing.
  let required: Set<String>

  /// `AttributeProto.AttributeType`.
  enum Attribute: Int {
    case float = 1
    case integer = 2
    case text = 3
    case tensor = 4
    case floats = 6
    case integers = 7
    case texts = 8

    fileprivate init?(letter: Character?) {
      switch letter {
      case "f": self = .float
      case "i": self = .integer
      case "s": self = .text
      case "t": self = .tensor
      case "F": self = .floats
      case "I": self = .integers
      case "S": self = .texts
      default: return nil
      }
    }
  }

  /// The operator as that set of operators has it; nil where it has none that is known here.
  static func named(_ name: String, operatorSet: Int) -> OperatorSchema? {
    all[name]?.last { $0.since <= operatorSet }?.schema
  }

  /// The sets of operators above `old`, up to `new`, that brought another version of the operator.
  static func versions(of name: String, after old: Int, upTo new: Int) -> [Int] {
    (all[name] ?? []).map(\.since).filter { $0 > old && $0 <= new }
  }

  /// In the order of versions.
  private static let all: [String: [(since: Int, schema: OperatorSchema?)]] = {
    var all: [String: [(since: Int, schema: OperatorSchema?)]] = [:]
    for line in OperatorTable.text.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 2, let since = Int(words[1]) else { continue }
      all[String(words[0]), default: []].append((since, OperatorSchema(words.dropFirst(2))))
    }
    return all
  }()

  private init?(_ words: ArraySlice<Substring>) {
    let counts = words.prefix(4).compactMap { Int($0) }
    guard counts.count == 4, counts[0] <= counts[1], counts[2] <= counts[3] else { return nil }
    inputs = counts[0]...counts[1]
    outputs = counts[2]...counts[3]
    var attributes: [String: Attribute] = [:]
    var required: Set<String> = []
    for word in words.dropFirst(4) {
      let parts = word.split(separator: ":")
      guard parts.count == 2, let type = Attribute(letter: parts[1].first) else { continue }
      attributes[String(parts[0])] = type
      if parts[1].last == "!" { required.insert(String(parts[0])) }
    }
    self.attributes = attributes
    self.required = required
  }
}
