import CLI
import Ensembles
import Experiments
import Files
import Inference
import Reports

/// Predictions by all members of several sources.
struct PredictionSources {
  /// Of the images that choose; none where no source has any.
  private(set) var holdOut: [Predictions] = []
  /// Of the images that judge.
  private(set) var test: [Predictions] = []
  /// Of further images.
  private(set) var shifted: [Predictions]?
  /// Milliseconds that the sources tell.
  private(set) var latencies: [String: Double] = [:]
  /// Models that can be timed.
  private(set) var models: [TimedModel] = []
  /// Where they came from, in the order given.
  private(set) var origins: [MemberOrigin] = []
  /// The first run among them.
  private(set) var run: RunDirectory?
  /// The images themselves, where they are given.
  let images: SourceImages

  /// - Parameters:
  ///   - paths: Runs, ensemble directories, predictions files, directories of such, and lists.
  ///   - shifted: The same of further images; nil for none.
  ///   - labels: The classes of the images of listed files.
  ///   - images: The images, which ensemble directories need.
  /// - Throws: `CommandError`, `EnsembleError` and others that name the source and the mend.
  init(_ paths: [String], shifted: String?, labels: String?, images: ImageOptions) throws {
    let sources = try paths.map { try PredictionSource(path: $0) }
    let runs = sources.compactMap { source in
      if case .run(let run) = source { run } else { nil as RunDirectory? }
    }
    run = runs.first
    self.images = try SourceImages(images, run: runs.first)
    var found: [SourcePredictions] = []
    for (path, source) in zip(paths, sources) {
      found.append(try Self.read(source, path: path, labels: labels, images: self.images))
    }
    for (source, (path, kind)) in zip(try Self.apart(found), zip(paths, sources)) {
      origins.append(
        MemberOrigin(
          path: path, members: Set((source.test + source.holdOut).map(\.name)),
          holdsModels: kind.holdsModels))
      holdOut += source.holdOut
      test += source.test
      latencies.merge(source.latencies) { first, _ in first }
      models += source.models
    }
    try checkHoldOut(found, paths)
    guard !test.isEmpty else {
      throw SourceError.notPredictions(
        path: paths[0],
        reason: "it has hold-out predictions only: give those of the test images too")
    }
    if let shifted {
      let source = try Self.read(
        PredictionSource(path: shifted), path: shifted, labels: nil, images: self.images)
      self.shifted = source.test + source.holdOut
    }
  }

  private static func label(_ path: String) -> String {
    let name = path.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init) ?? path
    for ending in [".safetensors", ".json"] where name.hasSuffix(ending) {
      return String(name.dropLast(ending.count))
    }
    return name
  }

  private static func read(
    _ source: PredictionSource, path: String, labels: String?, images: SourceImages
  ) throws -> SourcePredictions {
    var found = SourcePredictions(label: label(path))
    switch source {
    case .run(let run): try found.add(run)
    case .ensemble(let ensemble): try found.add(ensemble, images)
    case .files(let files): found.add(try files.map { try Predictions(path: $0) })
    case .list(let list):
      let predictions = try list.predictions(labels: labels)
      found.add(predictions)
      for (entry, member) in zip(list.members, predictions) {
        found.latencies[member.name] = entry.latencyMilliseconds
      }
    }
    return found
  }

  /// Members of one name in several sources get their source's name before theirs.
  private static func apart(_ sources: [SourcePredictions]) throws -> [SourcePredictions] {
    func count(_ split: (SourcePredictions) -> [Predictions]) -> [String: Int] {
      var count: [String: Int] = [:]
      for source in sources {
        for name in Set(split(source).map(\.name)) { count[name, default: 0] += 1 }
      }
      return count
    }
    let (test, holdOut) = (count(\.test), count(\.holdOut))
    return try sources.map { source in
      let clashes =
        source.test.contains { test[$0.name, default: 0] > 1 }
        || source.holdOut.contains { holdOut[$0.name, default: 0] > 1 }
      return clashes ? try source.prefixed() : source
    }
  }

  /// Either all members have hold-out predictions or none.
  private func checkHoldOut(_ sources: [SourcePredictions], _ paths: [String]) throws {
    guard !holdOut.isEmpty else { return }
    let known = Set(holdOut.map(\.name))
    let missing = test.map(\.name).filter { !known.contains($0) }
    guard let first = missing.first else { return }
    let place = sources.firstIndex { source in
      source.test.contains { $0.name == first || "\(source.label)/\($0.name)" == first }
    }
    throw SourceError.partialHoldOut(
      path: place.map { paths[$0] } ?? paths[0], members: missing, total: test.count)
  }
}

extension SourcePredictions {
  fileprivate mutating func add(_ run: RunDirectory) throws {
    test = try RunMembers(run: run, split: "test").predictions()
    if try run.experiment().data.holdOut > 0 {
      holdOut = try RunMembers(run: run, split: Self.holdOutSplit).predictions()
    }
    // Members of one network take as long as each other: one is timed for all.
    let networks = Dictionary(grouping: test, by: \.network)
    models = networks.keys.sorted().compactMap { network in
      guard let members = networks[network] else { return nil }
      return TimedModel(members: members.map(\.name)) {
        let member = try TrainedMember(name: members[0].name, in: run)
        return try member.imageModel(endsInSoftmax: false)
      }
    }
  }

  fileprivate mutating func add(_ ensemble: EnsembleDirectory, _ images: SourceImages) throws {
    let members = try ensemble.members()
    test = try images.predict(.test, members, of: ensemble)
    holdOut = try images.predict(.holdOut, members, of: ensemble)
    let groups = Dictionary(grouping: members) { "\($0.network) \($0.multiplyAccumulates)" }
    models = groups.keys.sorted().compactMap { key in
      guard let group = groups[key] else { return nil }
      return TimedModel(members: group.map(\.name)) { group[0].model }
    }
  }
}
