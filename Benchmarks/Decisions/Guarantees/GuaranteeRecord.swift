import Files
import GuaranteeSimulations
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is on record of one part of the simulations.
struct GuaranteeRecord: Codable {
  /// Of one setting, how far it is.
  struct Setting: Codable {
    let name: String
    /// Draws that were made, of which the checks tell.
    var draws = 0
    /// What they took.
    var seconds = 0.0
    var checks: [GuaranteeCheck]
  }

  let part: String
  let machine: String
  var settings: [Setting] = []

  /// The record at `path`, or a new one.
  static func begun(
    _ part: String, _ machine: String, at path: String
  ) throws -> GuaranteeRecord {
    guard FileManager.default.fileExists(atPath: path) else {
      return GuaranteeRecord(part: part, machine: machine)
    }
    return try JSONDecoder().decode(
      GuaranteeRecord.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Where a setting stands; it is added where it does not.
  mutating func place(of setting: GuaranteeSetting) -> Int {
    if let place = settings.firstIndex(where: { $0.name == setting.name }) { return place }
    settings.append(Setting(name: setting.name, checks: setting.unchecked))
    return settings.count - 1
  }

  /// Written whole or not at all.
  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try DurableFile.write(String(decoding: encoder.encode(self), as: UTF8.self) + "\n", to: path)
  }
}
