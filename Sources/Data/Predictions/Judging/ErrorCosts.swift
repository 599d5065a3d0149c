import Formatting

/// What it costs to take an image of one class for one of another: a number for each pair of a true and a predicted class.
///
/// A right answer costs no more than any error about an image of its class. Costs may be in any unit, and below 0 for what is
/// gained by being right.
public struct ErrorCosts: Hashable, Sendable {
  /// `[C]`: the classes' names, in order.
  public let names: [String]
  /// `[C, C]`, row-major: true class by predicted class.
  private let costs: [Double]
  /// The least cost of all.
  public let least: Double
  /// The greatest cost of all.
  public let greatest: Double

  /// C.
  public var classes: Int { names.count }
  /// The greatest cost less the least, above 0.
  public var span: Double { greatest - least }

  /// The most classes of a table: with more it would be too long where it is kept as text.
  public static let mostClasses = 1000

  /// - Parameters:
  ///   - names: `[C]`, each once.
  ///   - rows: `[C][C]`: true class by predicted class.
  /// - Throws: `EnsembleError.invalidArgument` where a number is missing or not finite, a right answer costs more than an
  ///   error, or all cost the same.
  public init(names: [String], rows: [[Double]]) throws(EnsembleError) {
    self.names = names
    costs = rows.flatMap(\.self)
    least = costs.min() ?? 0
    greatest = costs.max() ?? 0
    if let fault = Self.fault(names, rows) {
      throw .invalidArgument(
        name: "the table of error costs", value: "unfit (\(fault))",
        expected: "one of finite numbers, in which no right answer costs more than an error")
    }
  }

  /// Whether they are of classes with these names, in this order.
  ///
  /// - Parameters:
  ///   - classes: How many there are.
  ///   - others: Their names; any where nil. Classes without names are called by their numbers here.
  package func areOf(classes: Int, names others: [String]?) -> Bool {
    names.count == classes
      && (others == nil || names == others || names == names.indices.map(String.init))
  }

  /// What it costs to take an image of class `label` for one of class `predicted`.
  public func cost(label: Int, predicted: Int) -> Double { costs[label * classes + predicted] }

  /// `[C][C]`: true class by predicted class.
  public var rows: [[Double]] {
    (0..<classes).map { Array(costs[$0 * classes..<($0 + 1) * classes]) }
  }

  /// A cost in `0...1`: 0 the least of the table, 1 the greatest.
  public func loss(label: Int, predicted: Int) -> Double {
    (cost(label: label, predicted: predicted) - least) / span
  }

  /// The mean cost of an image whose mean loss is this.
  public func cost(ofLoss loss: Double) -> Double { least + span * loss }

  private static func fault(_ names: [String], _ rows: [[Double]]) -> String? {
    let count = names.count
    guard (2...mostClasses).contains(count) else {
      return "it has \(count.counted("class", "classes")), not 2 to \(mostClasses)"
    }
    guard Set(names).count == count else { return "it names a class twice" }
    guard rows.count == count, rows.allSatisfy({ $0.count == count }) else {
      return "it is not of \(count) x \(count) numbers"
    }
    for (label, row) in rows.enumerated() {
      guard row.allSatisfy({ $0.isFinite && $0.magnitude <= 1e100 }) else {
        return "a cost of '\(names[label])' is not a number up to 1e100"
      }
      if let other = row.indices.first(where: { row[$0] < row[label] }) {
        return
          "an image of '\(names[label])' costs more if it is right than if it is taken for '\(names[other])'"
      }
    }
    guard Set(rows.flatMap(\.self)).count > 1 else { return "all its costs are equal" }
    return nil
  }
}

extension ErrorCosts: Codable {
  private enum CodingKeys: String, CodingKey { case classes, costs }

  /// Reads `classes`, the names, and `costs`, true class by predicted class.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let names = try values.decode([String].self, forKey: .classes)
    let rows = try values.decode([[Double]].self, forKey: .costs)
    do throws(EnsembleError) { self = try ErrorCosts(names: names, rows: rows) } catch {
      throw DecodingError.dataCorruptedError(
        forKey: .costs, in: values, debugDescription: error.description)
    }
  }

  /// Writes `classes`, the names, and `costs`, true class by predicted class.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(names, forKey: .classes)
    try values.encode(rows, forKey: .costs)
  }
}
