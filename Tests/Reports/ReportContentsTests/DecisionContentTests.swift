import Deployment
import Ensembles
import MemberSources
import Predictions
import ReportContents
import Reports
import TestSupport
import Testing

@Suite struct DecisionContentTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// Writes the predictions of four members, each of which errs on every fourth image, and returns the directory's path.
  private func write(
    _ split: String, labels: [Int64], fingerprint: String, to file: String
  ) throws -> String {
    for member in 0..<4 {
      let predictions = try Predictions(
        name: "m\(member)", network: "small", multiplyAccumulates: 100, parameters: 10,
        split: split, fingerprint: fingerprint,
        logProbabilities: labels.enumerated().flatMap { image, label in
          (0..<3).map { column in
            let best = image % 4 == member ? (Int(label) + 1) % 3 : Int(label)
            // Other scores of other images: the same would be taken for the same images.
            return split == "test"
              ? column == best ? Float(-0.3710637) : Float(-1.8643302)
              : column == best ? Float(-0.3566749) : Float(-1.8971200)
          }
        }, labels: labels, classes: 3)
      let path = "\(file)/m\(member).safetensors"
      try directory.write([], to: path)
      try predictions.write(to: "\(directory.path)/\(path)")
    }
    return "\(directory.path)/\(file)"
  }

  /// What was inferred, where members come from, and what is on the page of them.
  @Test func aReportSaysWhereItsMembersComeFrom() throws {
    let labels = (0..<12).map { Int64($0 % 3) }
    let paths = try [("test", "test"), ("val", "choose")].map { split, file in
      try write(split, labels: labels, fingerprint: split, to: file)
    }
    let analysis = try MemberAnalysis(of: PredictionSources(paths))
    let context = ReportContext(of: analysis, paths, title: nil, command: "consort report")
    #expect(context.title == "m0, m1, m2, m3")
    #expect(context.origins.map(\.path) == paths)
    #expect(context.notes.contains { $0.contains("val") })
    #expect(context.command == "consort report")
    #expect(
      ReportContext(of: analysis, paths, title: "A title", command: nil).title == "A title")
    let content = try analysis.content(in: context)
    #expect(content.decision?.candidates.isEmpty == false)
    #expect(content.examples.isEmpty, "there are no images")
    #expect(content.contributions != nil && content.referenceReliability != nil)
    #expect(content.forecasts.allSatisfy { $0.network == "small" && $0.split == "hold-out" })
  }
}
