import Files
import Formatting
import Foundation
import Runs
import Submission
import TestSupport
import Testing

/// What jobs say; Tests/Clusters tries what clusters do with them.
@Suite struct SubmissionTests {
  private static let experiment = """
    {"name": "tiny", "data": {"procedural": {}}, "members": [{"network": "wide-resnet-10-1", "count": 40}]}
    """

  private static func job(
    in directory: TemporaryDirectory, out: String = "runs/tiny", workers: Int? = nil
  ) throws -> TrainingJob {
    let file = try directory.write(Array(experiment.utf8), to: "tiny.json")
    return try TrainingJob(
      file: file, name: nil, data: nil, out: { _ in out }, workers: workers,
      options: ["--threads", "2"], resources: WorkerResources(gpus: 0, cpus: 2, memory: 3))
  }

  @Test(arguments: [("04:00:00", 14_400), ("100:30:05", 361_805), ("0:5:0", 300)])
  func timesAreRead(text: String, seconds: Int) throws {
    let limit = try TimeLimit(text)
    #expect(limit.seconds == seconds)
    #expect(try TimeLimit(limit.text) == limit)
  }

  @Test(arguments: ["", "4", "04:00", "04:60:00", "1-00:00:00", "-1:00:00", "00:04:59", "a:b:c"])
  func whatIsNoTimeIsRefused(text: String) {
    #expect(throws: SubmissionError.self) { try TimeLimit(text) }
  }

  /// A run's token comes of a file that others may have written.
  @Test(arguments: ["a b", "x;reboot", "$(id)", "a'b", "a\"b", ""])
  func wordsThatAShellWouldReadAreNotAdded(word: String) throws {
    var job = try Self.job(in: try TemporaryDirectory())
    #expect(throws: SubmissionError.self) { try job.add(options: ["--run-token", word]) }
    #expect(job.options == ["--threads", "2"])
    try job.add(options: ["--run-token", "0f-3"])
    #expect(job.options == ["--threads", "2", "--run-token", "0f-3"])
  }

  @Test func thereIsOneWorkerAMemberWithinReason() throws {
    let directory = try TemporaryDirectory()
    #expect(try Self.job(in: directory).workers == TrainingJob.usualWorkers)
    #expect(try Self.job(in: directory, workers: 40).note == nil)
    #expect(try Self.job(in: directory, workers: 41).note?.hasPrefix("41 workers share 40") == true)
    #expect(throws: SubmissionError.outOfRange(option: "--workers", range: 1...1000)) {
      try Self.job(in: directory, workers: 0)
    }
  }

  @Test func theScriptHoldsWhatIsAskedForAlone() throws {
    let directory = try TemporaryDirectory()
    let script = try SlurmScript(
      Self.job(in: directory, workers: 2), time: nil, placement: .init(), program: "/opt/consort",
      directory: "/work"
    ).text
    #expect(script.contains("#SBATCH --array=0-1\n") && script.contains("#SBATCH --mem=3G\n"))
    #expect(
      script.contains(
        "\n/opt/consort train \(directory.path)/tiny.json --out runs/tiny --threads 2 &\n"))
    for option in ["--time", "--gres", "--partition"] {
      #expect(!script.contains("#SBATCH \(option)"))
    }
  }

  @Test func textsThatMeanSomethingElseAreRefused() throws {
    let directory = try TemporaryDirectory()
    for text in ["a b", "a\nb", "a'b", "a\"b", "$a", "a%j", "a\\b", ""] {
      #expect(throws: SubmissionError.self, "\(text)") { try Self.job(in: directory, out: text) }
    }
    var placement = SlurmScript.Placement()
    placement.partition = "a\n#SBATCH --uid=0"
    #expect(throws: SubmissionError.self) {
      try SlurmScript(
        Self.job(in: directory), time: nil, placement: placement, program: "consort",
        directory: "/")
    }
  }

  /// The statuses that the manifest and the script act upon are those that programs end with.
  @Test func statusesAreThoseOfThePrograms() throws {
    let directory = try TemporaryDirectory()
    let manifest = try KubernetesJob(
      Self.job(in: directory, out: "/shared/tiny"), time: nil, cluster: .init()
    ).yaml
    #expect(manifest.contains("values: [\(ExitStatus.stopped.rawValue), 143]"))
    #expect(Set(ExitStatus.allCases.map(\.rawValue)) == [0, 1, 2, 3, 75, 85])
    #expect(manifest.contains("  name: \"tiny\"\n"))
    #expect(DNSLabel.label(for: "A_b.c") == "a-b-c" && DNSLabel.label(for: "1a") == nil)
  }
}
