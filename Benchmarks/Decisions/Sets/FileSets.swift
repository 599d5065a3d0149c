import Ensembles
import Predictions
import Statistics
import Weights

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The sets whose predictions are files of the repository.
enum FileSets {
  /// Those of a recorded run: its hold-out and test images together, none of which a member was trained on.
  static func recorded(_ directory: String, name: String, about: String) throws -> MemberSet {
    let holdOut = try members(in: directory + "/hold-out")
    let test = try members(in: directory + "/test")
    let all = try zip(holdOut, test).map { first, second in
      guard first.name == second.name else { throw SetError.unequalMembers(directory) }
      return try joined(first, second)
    }
    return MemberSet(
      name: name, origin: .recorded, about: about, population: all, source: .population)
  }

  private static func members(in directory: String) throws -> [Predictions] {
    try FileManager.default.contentsOfDirectory(atPath: directory)
      .filter { $0.hasSuffix(".safetensors") }.sorted()
      .map { try Predictions(path: directory + "/" + $0) }
  }

  private static func joined(_ first: Predictions, _ second: Predictions) throws -> Predictions {
    let values =
      first.withLogProbabilities { Array($0) } + second.withLogProbabilities { Array($0) }
    return try Predictions(
      name: first.name, network: first.network, multiplyAccumulates: first.multiplyAccumulates,
      parameters: first.parameters, split: "all", fingerprint: "all", logProbabilities: values,
      labels: first.labels + second.labels, classes: first.classes)
  }

  /// What one file of a set says about itself, as its metadata under "set".
  private struct Header: Decodable {
    struct Member: Decodable {
      let name, network: String
      let macs, parameters: Int
    }

    let name, about: String
    let origin: MemberSet.Origin
    let members: [Member]
  }

  /// One file with all members: `log_probabilities`, float16 `[M, N, C]`, and `labels`, int64 `[N]`.
  ///
  /// Half precision rounds log-probabilities: they are normalised again.
  static func packed(_ path: String) throws -> MemberSet {
    let file = try SafeTensors(path: path)
    let header = try JSONDecoder().decode(
      Header.self, from: Data((file.metadata["set"] ?? "").utf8))
    let shape = try file.entry("log_probabilities").shape
    guard shape.count == 3, shape[0] == header.members.count else {
      throw SetError.unequalMembers(path)
    }
    let labels = try file.int64s(named: "labels")
    let values = try file.floats(named: "log_probabilities")
    let size = shape[1] * shape[2]
    let population = try header.members.enumerated().map { place, member in
      try Predictions(
        name: member.name, network: member.network, multiplyAccumulates: member.macs,
        parameters: member.parameters, split: "all", fingerprint: "all",
        logProbabilities: normalized(values[place * size..<(place + 1) * size], classes: shape[2]),
        labels: labels, classes: shape[2])
    }
    return MemberSet(
      name: header.name, origin: header.origin, about: header.about, population: population,
      source: .population)
  }

  private static func normalized(_ values: ArraySlice<Float>, classes: Int) -> [Float] {
    var result = [Float](repeating: 0, count: values.count)
    result.withUnsafeMutableBufferPointer { result in
      for start in stride(from: 0, to: values.count, by: classes) {
        let row = values[values.startIndex + start..<values.startIndex + start + classes]
        logSoftmax(
          row.map(Double.init)[...],
          into: UnsafeMutableBufferPointer(rebasing: result[start..<start + classes]))
      }
    }
    return result
  }
}

/// What is wrong with a set.
enum SetError: Error, CustomStringConvertible {
  case unequalMembers(String)
  case unknownSet(String)

  var description: String {
    switch self {
    case .unequalMembers(let path): "the members of \(path) differ between its parts"
    case .unknownSet(let name): "no set is called '\(name)'"
    }
  }
}
