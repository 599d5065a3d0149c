import Foundation
import TestSupport
import Testing

/// `consort predict` in several processes.
@Suite struct ShardedPredictTests {
  private static let command = [
    "predict", "--onnx", model("logits"), model("softmax"), "--data", "data", "--csv", "a.csv",
    "--batch", "1", "--corrupt", "skip", "--out", "found", "--json", "--crop-padding", "0",
    "--mean", "imagenet", "--std", "imagenet", "--interpolation", "bilinear",
  ]

  private static func directory() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    try directory.write(image("subsampled.jpg"), to: "data/class 1/a.jpg")
    try directory.write(image("grey.jpg"), to: "data/class 3/b.jpg")
    try directory.write(image("rgb.png"), to: "data/class 3/c.png")
    try directory.write(Array(image("full.jpeg").prefix(90)), to: "data/class 3/d.jpeg")
    try directory.write(image("full.jpeg"), to: "data/class 4/e.jpeg")
    return directory
  }

  private static func predict(_ arguments: [String], in directory: TemporaryDirectory) throws
    -> Consort
  {
    try Consort(
      command + arguments, environment: ["XDG_CACHE_HOME": "\(directory.path)/cache"],
      directory: directory.path)
  }

  @Test func theLastOneSaysWhatOneProcessWouldSay() throws {
    let alone = try Self.directory()
    let whole = try Self.predict([], in: alone)
    #expect(whole.status == 0, "\(whole.errors)")
    let together = try Self.directory()
    for number in [2, 1] {
      let run = try Self.predict(["--shards", "parts", "--shard", "\(number)/3"], in: together)
      #expect(run.status == 0 && run.output == "", "\(run.errors)")
      let missing = number == 2 ? "1, 3" : "3"
      #expect(
        run.errors.contains("shard \(number) of 3 is written; still missing: \(missing)\n"))
    }
    let early = try Self.predict(["--shards", "parts", "--merge"], in: together)
    #expect(early.status == 75 && early.errors.contains("'parts' lacks 3 of 3 shards"))
    // Then one that was put back into a queue when it was done already, and one that puts together alone.
    for options in [["--shard", "3/3"], ["--shard", "3/3"], ["--merge"]] {
      let run = try Self.predict(["--shards", "parts"] + options, in: together)
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.outputWithoutTime == whole.outputWithoutTime)
      for name in ["a.csv"] + (try alone.names(in: "found").map { "found/\($0)" }) {
        #expect(
          try Data(contentsOf: URL(filePath: "\(alone.path)/\(name)"))
            == Data(contentsOf: URL(filePath: "\(together.path)/\(name)")), "\(name)")
      }
    }
    // What is there of something else stays.
    try together.write([1], to: "found/member-0.safetensors")
    let other = try Self.predict(["--shards", "parts", "--merge"], in: together)
    #expect(other.status == 1 && other.errors.contains("cannot create the directory 'found'"))
  }

  @Test(arguments: [
    (["--shard", "1/2"], "--shard needs --shards DIR"),
    (["--shards", "parts"], "--shards DIR needs --shard I/N, or --merge"),
    (["--shards", "parts", "--shard", "3/2"], "--shard 3/2: it takes I/N with I from 1 to N"),
  ])
  func misuseIsRefused(options: [String], message: String) throws {
    let run = try Self.predict(options, in: Self.directory())
    #expect(run.status == 2 && run.errors.contains(message), "\(run.errors)")
  }
}
