import Decisions
import Schemas
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Walks all that a decision writes, and expects every number to be one, and none to be missing.
///
/// - An encoder refuses what is not finite; text such as "nan" would pass it.
/// - `null` stands only where a stage of a cascade never stops, and where a bin of confidences is empty.
/// - What is a share lies in 0...1, an interval has two ends in order and holds its own figure, and objects of one kind have
///   the same keys but for those that are optional.
func expectSoundNumbers(
  _ decision: Decision, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let text = try decision.readableJSON()
  let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  var faults: [String] = []
  DecisionNumbers.walk(value, at: "", into: &faults)
  #expect(
    faults.isEmpty, "\(faults.prefix(5)) \(comment?.rawValue ?? "")", sourceLocation: sourceLocation
  )
}

private enum DecisionNumbers {
  private static let shares: Set<String> = [
    "top1Accuracy", "topKAccuracy", "expectedCalibrationError", "accuracy", "balancedAccuracy",
    "pValue", "correctedPValue", "mcNemarPValue",
  ]
  private static let metrics: Set<String> = [
    "top1Accuracy", "topKAccuracy", "negativeLogLikelihood", "brierScore",
    "expectedCalibrationError",
  ]

  static func walk(_ value: JSONValue, at place: String, into faults: inout [String]) {
    switch value {
    case .object(let members):
      check(members, at: place, into: &faults)
      for (key, value) in members.sorted(by: { $0.key < $1.key }) {
        if shares.contains(key), let number = number(value), !(0...1).contains(number) {
          faults.append("\(place).\(key) is \(number)")
        }
        walk(value, at: "\(place).\(key)", into: &faults)
      }
    case .array(let items):
      for (index, item) in items.enumerated() {
        if item == .null, [".confidenceThresholds", ".bands"].contains(where: place.hasSuffix) {
          continue
        }
        walk(item, at: "\(place)[\(index)]", into: &faults)
      }
    case .null: faults.append("\(place) is null")
    case .string(let text):
      if ["nan", "inf", "-inf", "infinity", "-infinity"].contains(text.lowercased()) {
        faults.append("\(place) is '\(text)'")
      }
    default:
      if let number = number(value), !number.isFinite { faults.append("\(place) is \(number)") }
    }
  }

  private static func check(
    _ members: [String: JSONValue], at place: String, into faults: inout [String]
  ) {
    let bounds = ["lowerBound", "upperBound"].compactMap { members[$0].flatMap(number) }
    if members["lowerBound"] != nil || members["upperBound"] != nil {
      if bounds.count != 2 || bounds[0] > bounds[1] { faults.append("\(place) has no two ends") }
    }
    if members["negativeLogLikelihood"] != nil, members["brierScore"] != nil {
      for key in metrics where members[key].flatMap(number) == nil {
        faults.append("\(place) has no \(key)")
      }
    }
    guard case .object(let interval)? = members["interval"] else { return }
    // An estimate has an interval of its accuracy, and of the difference an error.
    let isEstimate = members["differenceError"] != nil
    let figure =
      (isEstimate ? members["accuracy"] : members["difference"] ?? members["accuracy"])
      .flatMap(number)
    let ends = ["lowerBound", "upperBound"].compactMap { interval[$0].flatMap(number) }
    if let figure, ends.count == 2, figure < ends[0] - 1e-12 || figure > ends[1] + 1e-12 {
      faults.append("\(place) is not in its interval")
    }
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let number): number
    default: nil
    }
  }
}
