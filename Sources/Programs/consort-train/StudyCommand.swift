import CommandLine
import Files
import Formatting
import Runs
import Synchronization
import Training

let studyCommand = WorkerCommands.study.running { arguments in
  let file = arguments.operand(0) ?? ""
  let plan = try StudyPlan(path: file)
  Terminal.writeNotes(Note.lines(try Recipe.notes(ofFile: file)))
  let directory = StudyDirectory(path: arguments.directory("--out") ?? "runs/\(plan.name)")
  try directory.check(plan)
  let images = try loadImages(
    plan.data, for: [plan.recipe], file: file, from: arguments.string("--data"))
  let record = arguments.directory("--record").map(StudyDirectory.init)
  let training = try fitting(file) {
    try StudyTraining(plan, on: images, in: directory, record: record, arguments)
  }
  try fitting(file) { try training.run() }
}

/// All runs of a study, claimed before the first is trained.
private struct StudyTraining {
  private struct Part {
    /// With the members of the run.
    let run: StudyPlan.Run
    let options: TrainingOptions
    let training: TrainingRun
    let record: RecordedRun?
    /// The names of the members that are on record, and not trained.
    let recorded: Set<String>

    /// Those that are trained.
    var members: [Experiment.Member] {
      run.experiment.allMembers.filter { !recorded.contains($0.name) }
    }
  }

  private let directory: StudyDirectory
  private let images: RunImages
  private let parts: [Part]

  /// - Throws: `ExperimentError` where the images do not suffice for one of the sizes, or the directory is another study's;
  ///   nothing is claimed where the images do not suffice.
  init(
    _ plan: StudyPlan, on images: RunImages, in directory: StudyDirectory,
    record: StudyDirectory?, _ arguments: ParsedArguments
  ) throws {
    (self.directory, self.images) = (directory, images)
    for run in plan.runs { _ = try images.summary(of: run.experiment) }
    try record?.check(plan)
    let runs = try plan.runs.map { run in
      var run = run
      if let record { run.experiment = try record.record(run).grown(to: run.experiment) }
      return run
    }
    let options = try runs.map {
      try TrainingOptions(arguments, for: $0.experiment, in: directory.run($0), members: nil)
    }
    try directory.claim(for: plan)
    try record?.claim(for: plan)
    parts = try zip(runs, options).map { run, options in
      let training = try TrainingRun(of: run.experiment, on: images, options)
      let recordedRun = record?.record(run)
      try recordedRun?.add(training.place)
      var run = run
      run.experiment = try training.place.experiment()
      return Part(
        run: run, options: options, training: training, record: recordedRun,
        recorded: try recordedRun?.complete(
          of: run.experiment, data: training.place.dataRecord()) ?? [])
    }
  }

  /// Trains one run after another.
  ///
  /// What other processes train is waited for at the end only, so that none stands still while there is work.
  ///
  /// - Throws: `StoppedEarly` where the user interrupted it, `MembersFailed` after all others are trained.
  func run() throws {
    Interruption.install()
    let display = Mutex(TrainingDisplay(whole: whole))
    defer { display.withLock { $0.end() } }
    var failed: [String] = []
    var left = parts
    for waits in [false, true] where waits == false || parts[0].options.sharing.waits {
      left = try left.filter { part in
        let heading = try heading(of: part)
        display.withLock { $0.begin(part.run.name, heading: heading) }
        if !part.recorded.isEmpty, !waits {
          display.withLock { $0.say("\(part.run.name): \(recordedText(part))") }
        }
        guard !part.members.isEmpty else { return false }
        let recording = Mutex<(any Error)?>(nil)
        let outcome = try part.training.run(
          only: Set(part.members.map(\.name)), waits: waits, jobs: part.options.workers.jobs,
          checkpointInterval: part.options.checkpointInterval,
          observe: { event in
            display.withLock { $0.show(event) }
            guard case .memberFinished = event else { return }
            do { try part.record?.add(part.training.place) } catch {
              recording.withLock { $0 = error }
            }
          })
        if let error = recording.withLock({ $0 }) { throw error }
        // Of those that other workers trained.
        try part.record?.add(part.training.place)
        switch outcome {
        case .complete: return false
        case .leftToOthers: return true
        case .interrupted: throw StoppedEarly(directory: directory.path)
        case .membersFailed(let names):
          failed += names.map { "\(part.run.name)/\($0)" }
          return false
        }
      }
    }
    guard failed.isEmpty else { throw MembersFailed(names: failed, directory: directory.path) }
  }

  private func recordedText(_ part: Part) -> String {
    let all = part.run.experiment.allMembers.count
    return "\(part.recorded.count) of \(all) members are on record in "
      + "'\(part.record?.path ?? "")' and are not trained again"
  }

  private func heading(of part: Part) throws -> String {
    "\(part.run.name): \(try images.summary(of: part.run.experiment))"
  }

  /// What is known of all runs beforehand, so that the time left is that of the study.
  private var whole: WholeRun {
    var whole = WholeRun()
    for part in parts {
      let experiment = part.run.experiment
      let trained = experiment.allMembers.map(\.name).filter {
        part.training.place.member($0).isComplete(withHoldOut: experiment.data.holdsOut)
      }
      whole.expect(
        experiment.allMembers, in: part.run.name,
        images: Double(part.run.trainingImages * experiment.recipe.epochs),
        complete: part.recorded.union(trained))
    }
    return whole
  }
}
