import Foundation
import TestSupport
import Testing

/// Places where a run cannot go.
@Suite struct RunDirectoryTests {
  /// Calls `body` with a directory that holds the experiment and a finished run of it.
  private func withFinishedRun(_ body: (String) throws -> Void) throws {
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(), in: directory)
      try TinyExperiment.finishedRun().write(to: "\(directory)/runs/tiny")
      try body(directory)
    }
  }

  @Test func anotherExperimentIsRefused() throws {
    try withFinishedRun { directory in
      let other = TinyExperiment.json().replacing("\"seed\": 5", with: "\"seed\": 6")
      try TinyExperiment.write(other, in: directory)
      try expectFailure(
        in: directory,
        ["'runs/tiny' was made by another experiment", "\"seed\" : 5", "\"seed\" : 6", "--out"]
      ) { try TinyExperiment.train(in: directory) }
    }
  }

  @Test func whatIsNoRunIsRefused() throws {
    try withFinishedRun { directory in
      try FileManager.default.createDirectory(
        atPath: "\(directory)/mine", withIntermediateDirectories: true)
      try Data("dear diary".utf8).write(to: URL(filePath: "\(directory)/mine/diary"))
      try expectFailure(in: directory, ["'mine' is not a run directory", "another --out"]) {
        try TinyExperiment.train(["--out", "mine"], in: directory)
      }
      try expectFailure(in: directory, ["'mine/diary' is not a run directory", "another --out"]) {
        try TinyExperiment.train(["--out", "mine/diary"], in: directory)
      }
    }
  }

  @Test(arguments: [
    ("tiny.json/run", "part of the path is a file: name another place"),
    ("/proc/consort", "choose a place that you may write to"),
  ])
  func anUnwritablePlaceIsNamed(place: String, advice: String) throws {
    try withFinishedRun { directory in
      let named = place.hasPrefix("/") ? place : "tiny.json"
      try expectFailure(
        in: directory,
        ["cannot create the directory '\(named)'", advice]
      ) { try TinyExperiment.train(["--out", place], in: directory) }
    }
  }

  @Test(arguments: [("data.json", "restore the file"), ("experiment.json", "is not JSON")])
  func aDamagedRunIsNamed(file: String, piece: String) throws {
    try withFinishedRun { directory in
      try Data("{".utf8).write(to: URL(filePath: "\(directory)/runs/tiny/\(file)"))
      try expectFailure(in: directory, ["'runs/tiny/\(file)'", piece]) {
        try TinyExperiment.train(in: directory)
      }
    }
  }

  /// Its advice, followed.
  @Test func aLostRecordOfTheImagesIsWrittenAnew() throws {
    try withFinishedRun { directory in
      let before = try FileTree("\(directory)/runs/tiny")
      let path = "\(directory)/runs/tiny/data.json"
      try FileManager.default.removeItem(atPath: path)
      #expect(try TinyExperiment.train(in: directory).status == 0)
      #expect(try FileTree("\(directory)/runs/tiny") == before)
      // A digit of the mean, say.
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let other = text.replacing("\"testImages\" : 60", with: "\"testImages\" : 61")
      #expect(other != text)
      try Data(other.utf8).write(to: URL(filePath: path))
      #expect(try TinyExperiment.train(in: directory).status == 0)
      #expect(try FileTree("\(directory)/runs/tiny") == before)
    }
  }

  @Test func aFinishedRunIsLeftAlone() throws {
    try withFinishedRun { directory in
      let before = try FileTree("\(directory)/runs/tiny/members")
      let run = try TinyExperiment.train(in: directory)
      #expect(run.status == 0)
      #expect(run.errors == "")
      #expect(
        run.output == """
          wide-resnet-10-1-0  complete
          wide-resnet-10-1-1  complete
          next: consort report runs/tiny

          """)
      #expect(try FileTree("\(directory)/runs/tiny/members") == before)
    }
  }
}
