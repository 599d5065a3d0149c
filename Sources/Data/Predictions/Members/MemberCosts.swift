import Files

/// What the members of a list cost.
struct MemberCosts {
  struct Cost: Hashable {
    var multiplyAccumulates = 1
    var parameters = 1
  }

  /// One a member; those of Consort's own files are not read.
  private(set) var values: [Cost] = []
  /// What is said about costs that are not known.
  private(set) var notes: [Note] = []

  /// - Throws: `EnsembleError.invalidImport` where some members' costs are known and others' are not.
  init(
    _ members: [PredictionList.Entry], path: String, resolved: (String) -> String
  ) throws(EnsembleError) {
    values = members.map {
      Cost(multiplyAccumulates: $0.multiplyAccumulates ?? 1, parameters: $0.parameters ?? 1)
    }
    let isOwn = { (entry: PredictionList.Entry) in entry.file.lowercased().hasSuffix(".safetensors")
    }
    let foreign = members.filter { !isOwn($0) }
    for (key, known) in [
      ("macs", { (entry: PredictionList.Entry) in entry.multiplyAccumulates != nil }),
      ("parameters", { $0.parameters != nil }),
    ] {
      guard let unknown = foreign.first(where: { !known($0) }) else { continue }
      guard foreign.count == members.count, !foreign.contains(where: known) else {
        throw .invalidImport(
          source: path, reason: "does not say what '\(unknown.file)' costs, as it does of others",
          fix: "give its member \"\(key)\", or none \"\(key)\"")
      }
      let noun = key == "macs" ? "multiply-accumulate" : "parameter"
      let areTimed = foreign.allSatisfy { $0.latencyMilliseconds != nil }
      notes.append(
        Note(
          source: path,
          text: "has no \"\(key)\": every member counts as one \(noun)"
            + (areTimed && key == "macs" ? "; --cost latency counts its milliseconds" : "")))
    }
  }
}
