import Deployment
import Files
import Latency
import Predictions
import Runs

/// Predictions by all members of several sources.
package struct PredictionSources {
  /// Of the images that choose; none where no source has any.
  package private(set) var holdOut: [Predictions] = []
  /// Of the images that judge.
  package private(set) var test: [Predictions] = []
  /// Of further images.
  package private(set) var shifted: [Predictions]?
  /// Of images that are unlike those that the members were trained on.
  package private(set) var unlike: [Predictions]?
  /// Milliseconds that the sources give.
  package private(set) var latencies: [String: Double] = [:]
  /// Models that can be timed.
  package private(set) var models: [TimedModel] = []
  /// Where they came from, in the order given.
  package private(set) var origins: [MemberOrigin] = []
  /// What `consort build-ensemble` has to be told of them besides.
  package let buildOptions: [String]
  /// The first run among them.
  package private(set) var run: RunDirectory?
  /// The images themselves, where they are given.
  package let images: SourceImages
  /// `[C]`: the classes' names, in order, where a source has them.
  package private(set) var classNames: [String]?
  /// What was inferred from files of other programs.
  package private(set) var notes: [Note] = []
  let paths: [String]
  private let found: [SourcePredictions]

  /// - Parameters:
  ///   - paths: Runs, ensemble directories, models, predictions files, directories of such, and lists.
  ///   - shifted: The same of further images; nil for none.
  ///   - unlike: The same of images that are of no class, whose labels are not looked at; nil for none.
  ///   - options: What the user says about the sources.
  ///   - progress: Called while models predict.
  /// - Throws: `SourceError`, `DeploymentError`, `EnsembleError` and others that name the source and the fix.
  package init(
    _ paths: [String], shifted: String? = nil, unlike: String? = nil,
    options: SourceOptions = SourceOptions(),
    progress: SourceProgress = SourceProgress()
  ) throws {
    let sources = try paths.map { try MemberSource(path: $0) }
    try options.check(sources)
    self.paths = paths
    let runs = sources.compactMap { source in
      if case .run(let run) = source { run } else { nil as RunDirectory? }
    }
    run = runs.first
    buildOptions =
      sources.contains(where: \.isModelFile)
      ? options.modelWords : []
    var images = try SourceImages(options.images, run: runs.first, progress: progress)
    var found: [SourcePredictions] = []
    for (path, source) in zip(paths, sources) {
      found.append(try Self.read(source, path: path, options, images))
    }
    self.found = found
    try Self.checkOrders(of: found, paths)
    let apart = try Self.apart(found, paths, isFile: sources.map(\.isModelFile))
    origins = Self.origins(paths, sources, own: found, apart)
    for source in apart {
      holdOut += source.holdOut
      test += source.test
      latencies.merge(source.latencies) { first, _ in first }
      models += source.models
    }
    holdOut = try Predictions.aligned(holdOut)
    test = try Predictions.aligned(test)
    classNames = try Self.classNames(of: test + holdOut, apart, options)
    if let first = test.first, !sources.contains(where: \.holdsModels) {
      try images.find(for: first, in: paths[paths.count - 1])
    }
    self.images = images
    // They are other images than those that the labels are of.
    var further = options
    further.labels = nil
    if let shifted {
      let source = try Self.read(MemberSource(path: shifted), path: shifted, further, images)
      self.shifted = try Predictions.aligned(source.test + source.holdOut)
      found.append(source)
    }
    if let unlike {
      let source = try Self.read(
        MemberSource(path: unlike), path: unlike, further, images, isUnlike: true)
      self.unlike = try Predictions.aligned(source.test)
      found.append(source)
    }
    notes = Self.notes(ofTestImages: self.shifted, "--shifted", among: test)
    notes += Self.notes(ofTestImages: self.unlike, "--unlike", among: test)
    notes +=
      (holdOut + test + (self.shifted ?? []) + (self.unlike ?? [])).flatMap(\.notes)
      + found.flatMap(\.notes)
  }

  /// Checks that there are images that judge, and that all members have hold-out predictions or none.
  ///
  /// - Throws: `SourceError`.
  package func check() throws(SourceError) {
    guard !test.isEmpty else {
      throw .holdOutOnly(path: paths[0])
    }
    try checkHoldOut()
  }

  /// Says so where further images are the test images themselves, by what a member says of them.
  private static func notes(
    ofTestImages further: [Predictions]?, _ option: String, among test: [Predictions]
  ) -> [Note] {
    guard let first = further?.first, let own = test.first(where: { $0.name == first.name }),
      first.count == own.count, first.classes == own.classes,
      first.contentSHA256() == own.contentSHA256()
    else { return [] }
    return [
      Note(
        source: first.source,
        text:
          "these are the test images themselves, with the same scores: what is said of \(option) compares them with themselves"
      )
    ]
  }

  /// Makes sure that all models that name the same classes do it in one order.
  private static func checkOrders(
    of sources: [SourcePredictions], _ paths: [String]
  ) throws(SourceError) {
    let named = sources.indices.filter { sources[$0].classNames != nil }
    guard let first = named.first, let names = sources[first].classNames else { return }
    for other in named.dropFirst() {
      guard let others = sources[other].classNames, others != names, Set(others) == Set(names)
      else { continue }
      throw .otherClassOrder(
        first: paths[first], second: paths[other],
        orders: [names, others].map { Array($0.prefix(3)) })
    }
  }

  /// What files of other programs, models, runs or the user call the classes.
  private static func classNames(
    of members: [Predictions], _ sources: [SourcePredictions], _ options: SourceOptions
  ) throws -> [String]? {
    guard let classes = members.first?.classes else { return nil }
    // Of a table the user may name the columns that are classes, in any order: that was looked at there.
    if let named = members.lazy.compactMap(\.classNames).first {
      return named.count == classes ? named : nil
    }
    guard let named = sources.lazy.compactMap(\.classNames).first else {
      return try options.classNames(of: classes, inFile: nil)
    }
    if let given = options.importing.classes, given != named {
      throw SourceError.unusedOption(
        "--classes",
        reason: "names other classes, or in another order, than a source does: leave it out")
    }
    return named.count == classes ? named : nil
  }

  private static func withoutEnding(_ path: String) -> String {
    let ending = [".safetensors", ".json"].first { path.hasSuffix($0) }
    return String(path.dropLast(ending?.count ?? 0))
  }

  private static func read(
    _ source: MemberSource, path: String, _ options: SourceOptions, _ images: SourceImages,
    isUnlike: Bool = false
  ) throws -> SourcePredictions {
    var found = SourcePredictions()
    switch source {
    case .run where isUnlike, .ensemble where isUnlike, .model where isUnlike:
      throw SourceError.notPredictions(
        path: path, reason: "--unlike takes predictions of images that are of no class")
    case .run(let run): try found.add(run)
    case .ensemble(let ensemble): try found.add(ensemble, images, options)
    case .model(let path): try found.add(path, images, options)
    case .files(let files):
      try found.add(files.map { try Predictions(path: $0) }, isUnlike: isUnlike)
    case .list(let list):
      let predictions =
        isUnlike
        ? try list.predictionsOfUnlike(options: options.importing)
        : try list.predictions(labels: options.labels, options: options.importing)
      try found.add(predictions, isListed: true, isUnlike: isUnlike)
      for (entry, member) in zip(list.members, predictions) {
        found.latencies[member.name] = entry.latencyMilliseconds
      }
    }
    return found
  }

  /// Models are built under the names that `consort build-ensemble` gives them, without sources of predictions alone.
  private static func origins(
    _ paths: [String], _ sources: [MemberSource], own: [SourcePredictions],
    _ apart: [SourcePredictions]
  ) -> [MemberOrigin] {
    let models = paths.indices.filter { sources[$0].holdsModels }
    let built = MemberNames.apart(
      models.map {
        MemberNames.Source(
          path: paths[$0], names: own[$0].test.map(\.name), isFile: sources[$0].isModelFile)
      })
    return paths.indices.map { place in
      let names = models.firstIndex(of: place).map { built[$0] }
      let known = Set((apart[place].test + apart[place].holdOut).map(\.name))
      return MemberOrigin(
        path: paths[place], members: names.map { known.intersection($0) } ?? known,
        holdsModels: names != nil)
    }
  }

  /// Members of one name in several sources get their source's name before theirs, as in `consort build-ensemble`.
  private static func apart(
    _ sources: [SourcePredictions], _ paths: [String], isFile: [Bool]
  ) throws -> [SourcePredictions] {
    func renamings(_ split: (SourcePredictions) -> [Predictions]) -> [[String: String]] {
      let own = sources.map { split($0).map(\.name) }
      let named = sources.indices.map {
        MemberNames.Source(path: withoutEnding(paths[$0]), names: own[$0], isFile: isFile[$0])
      }
      return zip(own, MemberNames.apart(named)).map {
        Dictionary(zip($0, $1)) { first, _ in first }
      }
    }
    let (test, holdOut) = (renamings(\.test), renamings(\.holdOut))
    return try sources.indices.map { place in
      // One name for both: in either the member may clash.
      try sources[place].renamed(
        test[place].merging(holdOut[place]) { $0.count >= $1.count ? $0 : $1 })
    }
  }

  /// Either all members have hold-out predictions or none, and none is of the hold-out alone.
  private func checkHoldOut() throws(SourceError) {
    guard !holdOut.isEmpty else { return }
    let missing = Self.names(test, without: holdOut)
    if let first = missing.first {
      throw .partialHoldOut(
        path: path(of: first, in: \.test), members: missing, total: test.count)
    }
    let unjudged = Self.names(holdOut, without: test)
    if let first = unjudged.first {
      throw .partialTest(
        path: path(of: first, in: \.holdOut), members: unjudged, total: holdOut.count)
    }
  }

  /// The members of one set that the other lacks.
  private static func names(
    _ members: [Predictions], without others: [Predictions]
  ) -> [String] {
    let known = Set(others.map(\.name))
    return members.map(\.name).filter { !known.contains($0) }
  }

  /// The source that a member came from.
  private func path(
    of member: String, in split: (SourcePredictions) -> [Predictions]
  ) -> String {
    let place = paths.indices.first { place in
      split(found[place]).contains { $0.name == member || member.hasSuffix("/" + $0.name) }
    }
    return paths[place ?? 0]
  }
}

extension SourcePredictions {
  fileprivate mutating func add(_ run: RunDirectory) throws {
    test = try RunPredictions(run: run, split: SplitName.test).predictions()
    if try run.experiment().data.holdsOut {
      holdOut = try RunPredictions(run: run, split: SplitName.holdOut).predictions()
    }
    notes += run.retrainingNotes
    // A run without the record of its images can be looked at all the same.
    classNames = Directory.exists(run.dataPath) ? try run.dataRecord().classNames : nil
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

  fileprivate mutating func add(
    _ ensemble: EnsembleDirectory, _ images: SourceImages, _ options: SourceOptions
  ) throws {
    let members = try ensemble.members()
    let labels = try options.classNames(
      of: members[0].model.classes, inFile: ensemble.manifest.labels)
    try add(members, labels: labels, of: ensemble.path, images)
  }

  fileprivate mutating func add(
    _ model: String, _ images: SourceImages, _ options: SourceOptions
  ) throws {
    let operand = try ModelSource(model, isFile: true, options.preprocessing, options.output)
    let member = try operand.member(at: 0, options.preprocessing).member
    notes += operand.notes + member.model.notes + member.notes
    let labels = try options.classNames(
      of: member.model.classes, inFile: EnsembleMember.commonLabels(of: [member]))
    try add([member], labels: labels, of: model, images)
  }

  private mutating func add(
    _ members: [EnsembleMember], labels: [String]?, of path: String, _ images: SourceImages
  ) throws {
    let judging = try images.predict(.test, members, labels: labels, of: path)
    let choosing = try images.predict(.holdOut, members, labels: labels, of: path)
    (test, holdOut) = (judging.members, choosing.members)
    classNames = judging.classNames
    notes += judging.notes + choosing.notes
    let groups = Dictionary(grouping: members) { "\($0.network) \($0.multiplyAccumulates)" }
    models = groups.keys.sorted().compactMap { key in
      guard let group = groups[key] else { return nil }
      return TimedModel(members: group.map(\.name)) { group[0].model }
    }
  }
}
