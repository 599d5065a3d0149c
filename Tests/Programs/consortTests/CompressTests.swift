import TestSupport
import Testing

@Suite struct CompressTests {
  private static let small = fixture("small.onnx", of: "Deployment/LowPrecisionTests")

  private static func errors(_ arguments: [String]) throws -> String {
    let directory = try TemporaryDirectory()
    try directory.write(image("rgb.png"), to: "photos/a.png")
    try directory.write(image("rgb.png"), to: "data/cat/a.png")
    try directory.write(image("grey.jpg"), to: "data/dog/b.jpg")
    let run = try Consort(
      ["compress"] + arguments, environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"],
      directory: directory.path)
    #expect(run.status != 0)
    #expect(!run.output.contains("batch 1 ms"))
    #expect(try !directory.names(in: ".").contains("out"))
    return run.errors
  }

  @Test(arguments: [
    (["--data", "data"], "--out DIR is missing"), (["--out", "out"], "--data PATH is missing"),
    (["--data", "data", "--out", "photos"], "photos"),
    (["--data", "data", "--out", "out", "--precisions", "int4"], "int8"),
    (["--data", "data", "--out", "out", "--precisions", "int8,int8"], "int8"),
    (["--data", "data", "--out", "out", "--images", "3"], "--images is from 16"),
    (["--data", "data", "--out", "out", "--percentile", "20"], "--percentile is from 50"),
    (["--data", "data", "--out", "out", "--weight-bits", "4"], "--weight-bits is 7 or 8"),
    (["--data", "data", "--out", "out", "--tolerance", "101"], "--tolerance is from 0"),
    (["--data", "data", "--out", "out", "--calibration", "mean"], "percentile"),
  ])
  func whatIsAskedForIsChecked(arguments: [String], message: String) throws {
    #expect(try Self.errors([Self.small] + arguments).contains(message))
  }

  @Test func imagesAreLabelledAndEnough() throws {
    #expect(
      try Self.errors([Self.small, "--data", "photos", "--out", "out"]).contains("have no labels"))
    let few = try Self.errors([Self.small, "--data", "data", "--out", "out"])
    #expect(few.contains("has 2 images") && few.contains("--images"), "\(few)")
  }
}
