import Files
import Schemas

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What is on record of one set: which members it has, and what every rule chose on every split.
struct SetRecord: Codable {
  /// A member, judged on the population.
  struct Member: Codable {
    let name, network: String
    let multiplyAccumulates: Int
    let accuracy: Double
  }

  /// What one rule did on the splits of one size, one value a split.
  struct Result: Codable {
    /// Of each hold-out.
    let images: Int
    let rule: String
    /// Images that judge, which are not in the hold-out.
    let judges: Int
    /// The accuracy of the best single model of the population less that of the choice, in points, on those images.
    var lost: [Double] = []
    /// The same on the whole population.
    var lostOfPopulation: [Double] = []
    /// Mean multiply-accumulates of an image, to those of the best single model.
    var cost: [Double] = []
    /// Such as "single".
    var kind: [String] = []
    /// How many members.
    var members: [Int] = []
    /// Where the rule says so: 1 where the hold-out shows that the choice loses no more than the tolerance, 0 where it does not.
    var isShown: [Int]?
  }

  let name: String
  let origin: MemberSet.Origin
  let about: String
  let classes: Int
  /// In the population.
  let images: Int
  let members: [Member]
  /// The place of the most accurate member of the population, of equals the cheapest.
  let best: Int
  var results: [Result] = []

  init(_ set: MemberSet) throws {
    name = set.name
    origin = set.origin
    about = set.about
    classes = set.population[0].classes
    images = set.population[0].count
    let found = try set.population.indices.map { place in
      let member = set.population[place]
      let judgement = try Judgement(Choice(single: place), set.population)
      return Member(
        name: member.name, network: member.network,
        multiplyAccumulates: member.multiplyAccumulates, accuracy: judgement.accuracy(nil))
    }
    members = found
    best = found.indices.reduce(0) { best, place in
      (found[place].accuracy, -found[place].multiplyAccumulates)
        > (found[best].accuracy, -found[best].multiplyAccumulates) ? place : best
    }
  }

  /// The record at `path`, or a new one.
  static func begun(_ set: MemberSet, at path: String) throws -> SetRecord {
    guard FileManager.default.fileExists(atPath: path) else { return try SetRecord(set) }
    return try JSONDecoder().decode(
      SetRecord.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Written whole or not at all; lists of numbers on one line, so that the file can be looked at.
  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let text = String(decoding: try encoder.encode(self), as: UTF8.self)
    try DurableFile.write(
      text.replacing("{\"cost\"", with: "\n{\"cost\"") + "\n", to: path)
  }
}
