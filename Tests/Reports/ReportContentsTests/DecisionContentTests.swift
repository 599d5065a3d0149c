import Datasets
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
  /// Images that the ensemble gets right and the best single member wrong, where the images are given.
  @Test func examplesAreImagesThatTheEnsembleGetsRight() throws {
    let names = ["cat", "dog", "emu"]
    for (number, name) in names.enumerated() {
      for image in 0..<4 {
        let colour = [UInt8(80 * number), UInt8(60 * image), 7]
        let pixels = colour.flatMap { [UInt8](repeating: $0, count: 64) }
        let png = try #require(RGBImage(width: 8, height: 8, pixels: pixels).png())
        for split in ["train", "test"] {
          try directory.write(png, to: "images/\(split)/\(name)/\(image).png")
        }
      }
    }
    let images = "\(directory.path)/images"
    let test = try ImageDataset.load(directory: images).test
    #expect(test.labels == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    let paths = [
      try write("hold-out", labels: test.labels.reversed(), fingerprint: "h", to: "choose"),
      try write("test", labels: test.labels, fingerprint: test.fingerprint, to: "test"),
    ]
    var options = SourceOptions()
    options.images.data = images
    // One member alone gets three of four images right, and would do within what twelve images tell.
    var wanted = MemberAnalysis.Options()
    wanted.decision.minimumAccuracy = 0.99
    let analysis = try MemberAnalysis(of: PredictionSources(paths, options: options), wanted)
    let context = ReportContext(of: analysis, paths, title: nil, command: nil)
    let examples = try analysis.content(in: context).examples
    // The single member errs on one image of each class, and takes it for the next.
    #expect(examples.map(\.label) == names)
    #expect(examples.map(\.chosen.name) == names)
    #expect(examples.map(\.reference.name) == ["dog", "emu", "cat"])
    #expect(examples.allSatisfy { $0.chosen.probability > 0.5 && $0.reference.probability > 0.68 })
    let decision = try #require(analysis.decision)
    let reference = try #require(decision.candidate(decision.reference)?.members.first)
    let wrong = try #require(Int(reference.dropFirst()))
    let shown = try #require(PredictionImages.decoded(test).pictures(of: [wrong]).first)
    #expect(examples.first?.png == shown.1.png())
  }
}
