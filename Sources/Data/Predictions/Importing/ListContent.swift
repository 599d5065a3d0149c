import Files
import Schemas

/// What the JSON of a list of predictions holds.
struct ListContent: Decodable {
  let split: String
  let fingerprint, labels, classesFile: String?
  let options: ImportOptions
  let members: [PredictionList.Entry]

  private static let keys = [
    "split", "fingerprint", "labels", "classes", "labelsAre", "labelColumn", "kind", "members",
  ]
  private static let memberKeys = [
    "file", "name", "network", "macs", "parameters", "latencyMilliseconds", "kind", "classes",
    "labelColumn",
    "labelsAre", "array",
  ]

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    try Self.checkKeys(values, Self.keys)
    split = try values.decode(String.self, forKey: Key("split"))
    fingerprint = try values.decodeIfPresent(String.self, forKey: Key("fingerprint"))
    labels = try values.decodeIfPresent(String.self, forKey: Key("labels"))
    classesFile = try? values.decode(String.self, forKey: Key("classes"))
    options = try Self.options(values, takesFile: true)
    var list = try values.nestedUnkeyedContainer(forKey: Key("members"))
    var members: [PredictionList.Entry] = []
    while !list.isAtEnd {
      members.append(try Self.entry(list.nestedContainer(keyedBy: Key.self)))
    }
    guard !members.isEmpty else { throw Fault(text: "\"members\" is empty") }
    self.members = members
  }

  private static func entry(
    _ values: KeyedDecodingContainer<Key>
  ) throws -> PredictionList.Entry {
    try checkKeys(values, memberKeys)
    var entry = PredictionList.Entry(file: try values.decode(String.self, forKey: Key("file")))
    entry.name = try values.decodeIfPresent(String.self, forKey: Key("name"))
    entry.network = try values.decodeIfPresent(String.self, forKey: Key("network"))
    entry.multiplyAccumulates = try cost(values, "macs")
    entry.parameters = try cost(values, "parameters")
    entry.latencyMilliseconds = try values.decodeIfPresent(
      Double.self, forKey: Key("latencyMilliseconds"))
    entry.options = try options(values, takesFile: false)
    return entry
  }

  private static func options(
    _ values: KeyedDecodingContainer<Key>, takesFile: Bool
  ) throws -> ImportOptions {
    func text(_ key: String) throws -> String? {
      try values.decodeIfPresent(String.self, forKey: Key(key))
    }
    var options = ImportOptions(labelColumn: try text("labelColumn"), array: try text("array"))
    if let name = try text("kind") {
      guard let kind = ScoreKind(name: name) else {
        throw Self.unknown(values, "kind", name, ScoreKind.allCases.map(\.name))
      }
      options.kind = kind
    }
    if let name = try text("labelsAre") {
      guard let form = LabelForm(rawValue: name) else {
        throw Self.unknown(values, "labelsAre", name, LabelForm.allCases.map(\.rawValue))
      }
      options.labelForm = form
    }
    let isFile = takesFile && (try? values.decode(String.self, forKey: Key("classes"))) != nil
    options.classes =
      isFile ? nil : try values.decodeIfPresent([String].self, forKey: Key("classes"))
    return options
  }

  private static func unknown(
    _ values: KeyedDecodingContainer<Key>, _ key: String, _ value: String, _ known: [String]
  ) -> any Error {
    Fault(
      text: "\"\(key)\" is '\(value)' and may be \(known.joined(separator: ", "))"
        + Spelling.suggestion(for: value, among: known))
  }

  /// A whole number, which others write as 4.1e9 or 4089284608.0; the nearest to a mean.
  private static func cost(
    _ values: KeyedDecodingContainer<Key>, _ key: String
  ) throws -> Int? {
    guard let number = try values.decodeIfPresent(Double.self, forKey: Key(key)) else { return nil }
    let whole =
      (try? values.decodeIfPresent(Int.self, forKey: Key(key)))
      ?? Int(exactly: number.rounded())
    let member =
      (try? values.decodeIfPresent(String.self, forKey: Key("name")))
      ?? (try? values.decodeIfPresent(String.self, forKey: Key("file")))
    guard let whole, whole >= 1, whole <= Predictions.largestCost,
      abs(number - number.rounded()) <= 1e-4 * number
    else {
      throw CostFault(
        reason: "has a \"\(key)\" of \(number)" + (member.map { " for '\($0)'" } ?? ""),
        fix:
          "give the number counted in ones, from 1 to 1e15: 0.72 G are 720000000, or 0.72e9; or leave \"\(key)\" out of all members"
      )
    }
    return whole
  }

  private static func checkKeys(
    _ values: KeyedDecodingContainer<Key>, _ known: [String]
  ) throws {
    guard let key = values.allKeys.map(\.stringValue).sorted().first(where: { !known.contains($0) })
    else { return }
    let hint = Spelling.suggestion(for: key, among: known)
    throw Fault(
      text: "unknown key \"\(key)\"\(hint); known are \(known.joined(separator: ", "))")
  }

  /// A member's cost that cannot be one.
  struct CostFault: Error {
    let reason, fix: String
  }

  /// What is wrong with a value.
  private struct Fault: Error { let text: String }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Why a list was not understood.
  static func reason(_ error: any Error) -> String {
    switch error {
    case let fault as Fault: fault.text
    case let error as StrictJSON.KeyError: "\(error)"
    case let error as DecodingError: error.fault
    default: "it cannot be read"
    }
  }
}
