import Decisions
import Files
import Formatting
import Networks
import Predictions
import Runs

/// What is trained on some images, as advice on what to train next takes it.
package struct AdviceSource {
  /// A run's or a record's directory, or what else was named.
  package let path: String
  /// How many images the members were trained on; nil where it is not known.
  package let trainingImages: Int?
  /// Predictions of the hold-out.
  package let members: [Predictions]
  /// By member.
  package let seconds: [String: Double]
  /// How many test images there are; nil where it is not known.
  package let testImages: Int?
  package let lengthening: TrainingAdvice.Lengthening?
  /// What was left out.
  package let notes: [Note]

  /// What was found at the paths that a user names: of a study one for each of its runs that has members, else one.
  ///
  /// - Parameters:
  ///   - paths: A run or its record, a study or its record, or predictions files, directories of them, and lists.
  ///   - seconds: How long a training takes, by network, where the user says it.
  ///   - options: What the user says about files of other programs.
  /// - Throws: `AdviceError`, and what reading throws.
  package static func all(
    at paths: [String], seconds: [String: Double] = [:], options: SourceOptions = SourceOptions()
  ) throws -> [AdviceSource] {
    if let own = paths.first(where: isRunOrStudy), paths.count > 1 {
      throw AdviceError.severalSources(path: own)
    }
    let found: [AdviceSource]
    let study = StudyDirectory(path: paths[0])
    if study.exists {
      found = try study.plan().runs.compactMap { run in
        try AdviceSource(
          study.run(run), study.record(run), experiment: run.experiment, seconds)
      }
      guard !found.isEmpty else { throw ExperimentError.emptyStudy(directory: study.path) }
    } else if isRunOrStudy(paths[0]) {
      let run = RunDirectory(path: paths[0])
      let source = try AdviceSource(
        run, RecordedRun(path: run.path), experiment: run.experiment(), seconds)
      guard let source else { throw AdviceError.nothingTrained(path: run.path) }
      found = [source]
    } else {
      found = [try AdviceSource(PredictionSources(paths, options: options), paths, seconds)]
    }
    let known = Set(found.flatMap { $0.members.map(\.network) }).sorted()
    if let name = seconds.keys.sorted().first(where: { !known.contains($0) }) {
      throw AdviceError.unknownNetwork(name: name, known: known)
    }
    if let none = found.first(where: { $0.seconds.isEmpty }) {
      throw AdviceError.noTimes(path: none.path, networks: known)
    }
    return found
  }

  private static func isRunOrStudy(_ path: String) -> Bool {
    StudyDirectory(path: path).exists || Directory.exists(RunDirectory(path: path).experimentPath)
  }

  /// A run, trained or on record; nil where it has no complete training.
  private init?(
    _ run: RunDirectory, _ record: RecordedRun, experiment: Experiment,
    _ given: [String: Double]
  ) throws {
    guard experiment.data.holdsOut else { throw AdviceError.noHoldOut(path: run.path) }
    let ends = Set(experiment.trainings.map(\.name))
    let all = try StudyMember.all(of: run, record, split: SplitName.holdOut)
    // Members that share a training, and soups, are no trainings that could be had once more.
    let own = all.filter { ends.contains($0.member.name) }
    guard !own.isEmpty else { return nil }
    path = run.path
    trainingImages = try? run.dataRecord().trainingImages
    testImages = try? run.dataRecord().testImages
    members = try Predictions.aligned(own.map(\.predictions))
    seconds = Dictionary(
      own.compactMap { member in
        (given[member.member.network] ?? member.member.seconds).map { (member.member.name, $0) }
      }, uniquingKeysWith: { first, _ in first })
    let unfinished = own.map(\.member).filter {
      run.lossStillFell(of: $0.name) || $0.isUnfinished && !Directory.exists(run.membersPath)
    }
    let epochs = experiment.recipe.epochs
    lengthening =
      unfinished.isEmpty
      ? nil
      : TrainingAdvice.Lengthening(
        epochs: epochs, longerEpochs: 2 * epochs, members: Set(unfinished.map(\.name)))
    notes = Self.notes(run.path, planned: ends.count, own: own.count, all: all.count)
  }

  private static func notes(_ path: String, planned: Int, own: Int, all: Int) -> [Note] {
    var notes: [Note] = []
    if own < planned {
      notes.append(
        Note(
          source: path,
          text:
            "\(own) of \(planned.counted("training")) \(own == 1 ? "is" : "are") complete: the advice is what to train next "
            + "to \(own == 1 ? "that" : "those")"))
    }
    if all > own {
      notes.append(
        Note(
          source: path,
          text:
            "\((all - own).counted("member")) left out: snapshots, averages and soups are not trained by themselves"
        ))
    }
    return notes
  }

  /// Predictions alone, of which the user says how long trainings took.
  private init(
    _ sources: PredictionSources, _ paths: [String], _ given: [String: Double]
  ) throws {
    guard !sources.holdOut.isEmpty else { throw AdviceError.noHoldOut(path: paths[0]) }
    path = paths[0]
    trainingImages = nil
    testImages = sources.test.first?.count
    members = sources.holdOut
    seconds = Dictionary(
      sources.holdOut.compactMap { member in given[member.network].map { (member.name, $0) } },
      uniquingKeysWith: { first, _ in first })
    lengthening = nil
    notes = sources.notes
  }

  /// The networks of the members' families that could be trained, as far as names and costs say what they are.
  package var relatives: [TrainingAdvice.Network] {
    let names = Set(members.map(\.network)).sorted()
    let sizes = members.lazy.compactMap { Network.inputSize(of: $0) }
    return Network.relatives(of: names).compactMap { name in
      // EfficientNets have images of their own size.
      let size = name.hasPrefix("efficientnet") ? nil : sizes.first
      guard
        let network = try? Network(named: name, inputSize: size, classes: members[0].classes)
      else { return nil }
      return TrainingAdvice.Network(
        name: name, multiplyAccumulates: network.totals.multiplyAccumulates)
    }
  }

  /// What to train next.
  ///
  /// - Throws: As `TrainingAdvice.advise` does.
  package func advice(_ options: TrainingAdvice.Options) throws -> TrainingAdvice {
    var options = options
    options.judgingImages = options.judgingImages ?? testImages
    return try TrainingAdvice.advise(
      members, seconds: seconds, networks: relatives, lengthening: lengthening, options: options)
  }
}
