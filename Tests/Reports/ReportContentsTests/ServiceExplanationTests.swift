import Datasets
import Ensembles
import Predictions
import ReportContents
import Testing

@testable import Deployment

@Suite struct ServiceExplanationTests {
  /// Ten images of two classes; members err on those given.
  private static func predictions(_ name: String, erringAt errors: Set<Int>) throws -> Predictions {
    try Predictions(
      name: name, network: "net", multiplyAccumulates: 1_000_000, parameters: 5,
      split: "hold-out", fingerprint: "held out",
      logProbabilities: (0..<10).flatMap { image in
        errors.contains(image) ? [Float(-1.2039728), -0.35667494] : [-0.22314355, -1.6094379]
      }, labels: [Int64](repeating: 0, count: 10), classes: 2)
  }

  private static func manifest(
    _ names: [String], _ combination: Combination = Combination(), service: ExpectedService? = nil
  ) -> EnsembleManifest {
    EnsembleManifest(
      version: 4, rule: combination.rule, weights: combination.weights,
      memberTemperatures: combination.memberTemperatures, temperature: combination.temperature,
      cascade: combination.cascade, classes: 2, parameters: 5 * names.count,
      multiplyAccumulates: 1_000_000 * names.count, expectedService: service,
      members: names.map {
        EnsembleManifest.Member(
          file: "\($0).onnx", sha256: "", name: $0, network: "net", parameters: 5,
          multiplyAccumulates: 1_000_000,
          preprocessing: Preprocessing(
            height: 8, width: 8, resizing: .none, mean: [0, 0, 0], standardDeviation: [1, 1, 1]))
      })
  }

  private static func text(
    _ names: [String], _ combination: Combination, errors: [Set<Int>]
  ) throws -> String {
    let service = try ExpectedService(
      of: combination, holdOut: zip(names, errors).map { try predictions($0, erringAt: $1) })
    return ServiceExplanation(manifest(names, combination, service: service), name: "birds")
      .text(width: nil)
  }

  @Test func aLineForEachMember() throws {
    let text = try Self.text(
      ["a", "b", "c"], Combination(), errors: [[0], [0, 1, 2], [3, 4]])
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(
      lines.first
        == "birds: 3 members, 3.00 M MACs an image; measured on the 10 images of its hold-out")
    let cells = lines.dropFirst(2).prefix(5).map {
      $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    #expect(cells[0] == "lost accuracy % 95 % interval change MACs temperature who answers")
    #expect(cells[1] == "none 90.00 59.58 to 98.21 3.00 M – 3 members, geometric-mean")
    #expect(flat(text).contains("with --when-lost fail requests get status 503"))
    #expect(text.contains("With more than one member lost, requests get status 503."))
    #expect(!text.contains("stopped after"))
  }

  @Test func membersThatCannotBeLost() throws {
    let text = try Self.text(
      ["a", "b"], Combination(weights: [0, 1]), errors: [[0], [1]])
    #expect(text.contains("Without b, requests get status 503"))
    #expect(text.contains("b alone") && !text.contains("a alone"))
    let single = try Self.text(["a"], Combination(temperature: 2), errors: [[0, 1]])
    #expect(single.contains("It has one member: where that is lost, requests get status 503."))
    #expect(!single.contains("when-lost"))
    let many = (0..<65).map { "m\($0)" }
    let large = try Self.text(many, Combination(), errors: many.map { _ in [0] })
    #expect(
      flat(large).contains("With a member lost, requests get status 503: of more than 64 members"))
  }

  @Test func cascadesSayWhereImagesStop() throws {
    let text = try Self.text(
      ["a", "b"],
      Combination(
        cascade: CascadeStops(confidence: .maximumProbability, confidenceThresholds: [0.75])),
      errors: [[0], [1]])
    #expect(text.contains("Images stopped after: a 90.00 %, b 10.00 %."), "\(text)")
  }

  @Test func withoutAHoldOutNothingIsKnown() {
    let text = ServiceExplanation(Self.manifest(["a", "b"]), name: "birds").text(width: nil)
    #expect(text.hasPrefix("birds: 2 members, 2.00 M MACs an image\n"))
    #expect(text.contains("What its service is worth is not known"))
    #expect(flat(text).contains("With a member lost, requests get status 503"))
    #expect(flat(text).contains("`consort report`"))
  }
}

/// Without breaks between words.
private func flat(_ text: String) -> String {
  text.split(separator: "\n").joined(separator: " ")
}
