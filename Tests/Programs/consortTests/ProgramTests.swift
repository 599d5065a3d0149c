import Foundation
import TestSupport
import Testing

@Suite struct ProgramTests {
  private static let commands = ["demo", "train", "frontier", "cost", "data"]

  @Test func theHelpListsEveryCommand() throws {
    let help = try Consort(["help"])
    #expect(help.status == 0)
    for command in Self.commands { #expect(help.output.contains("\n  \(command) ")) }
    #expect(try Consort([]).output == help.output)
    #expect(try Consort(["--help"]).output == help.output)
    #expect(try Consort(["--version"]).output.hasPrefix("consort "))
  }

  @Test(arguments: [["frontier"], ["cost"], ["data"], ["data", "download"]])
  func everyCommandHasHelp(command: [String]) throws {
    let help = try Consort(["help"] + command)
    #expect(help.status == 0)
    #expect(help.output.contains("usage: consort \(command.joined(separator: " ")) "))
    #expect(try Consort(command + ["--help"]).output == help.output)
  }

  @Test(arguments: [
    (["nosuch"], "there is no command 'nosuch'"),
    (["frontir"], "did you mean 'frontier'?"), (["cost"], "NETWORK is missing"),
    (["cost", "a", "b"], "'b' is one operand too many"), (["data"], "needs a command"),
    (["data", "download", "mnist"], "there is no data set 'mnist': cifar10 or cifar100"),
    (["frontier", "x", "--rule", "mean"], "--rule is one of geometric-mean"),
    (["frontier", "x", "--rule", "Geometric"], "(did you mean 'geometric-mean'?)"),
    (["frontier", "x", "--cost", "MAC"], "(did you mean 'macs'?)"),
    (
      ["frontier", "x", "--cascade-confidence", "entropy,max_probability"],
      "(did you mean 'maximum-probability'?)"
    ),
    (["frontier", "x", "--confidence", "entropy"], "--cascade-confidence entropy"),
    (["frontier", "x", "--margin", "1"], "--margin is no more: --tolerance POINTS"),
    (["frontier", "x", "--scores", "probabilites"], "(did you mean 'probabilities'?)"),
    (["data", "download", "CIFAR-10"], "(did you mean 'cifar10'?)"),
    (["predict", "x", "--interpolation", "Bicubic"], "(did you mean 'bicubic'?)"),
    (["frontier", "x", "--split", "train"], "--split is test or hold-out"),
    (["frontier", "x", "--max-subsets", "0"], "--max-subsets is at least 1"),
  ])
  func misuseHasStatus2(arguments: [String], message: String) throws {
    let run = try Consort(arguments)
    #expect(run.status == 2)
    #expect(run.output == "")
    #expect(run.errors.contains(message))
    #expect(run.errors.contains("\nusage: see 'consort help"))
  }

  #if os(Linux)
    @Test func libtorchIsNotLoaded() throws {
      let libraries = try Consort([try Consort.path()], program: "/usr/bin/ldd")
      #expect(libraries.status == 0)
      #expect(libraries.output.contains("libc.so"))
      for library in ["torch", "libc10"] {
        #expect(!libraries.output.contains(library))
      }
    }

    @Test func aFullDiskIsAnError() throws {
      let run = try Consort(
        ["-c", "\"$0\" cost wide-resnet-16-4 > /dev/full", try Consort.path()], program: "/bin/sh")
      #expect(run.status == 1)
      #expect(run.errors.contains("cannot write all to standard output: No space left on device"))
    }

    /// More than the buffer holds: an early write fails, and the last may not.
    @Test func aFullDiskInTheMiddleIsAnError() throws {
      let run = try Consort(
        ["-c", "\"$0\" cost wide-resnet-1000-1 --json > /dev/full", try Consort.path()],
        program: "/bin/sh")
      #expect(run.status == 1)
      #expect(run.errors.contains("cannot write all to standard output"))
    }

    /// Nothing that is opened may take the number of a closed standard output, and what is printed.
    @Test func aClosedStandardOutputIsAnError() throws {
      let run = try Consort(
        ["-c", "\"$0\" cost wide-resnet-16-4 >&-", try Consort.path()], program: "/bin/sh")
      #expect(run.status == 1)
      #expect(run.errors.contains("cannot write all to standard output: Bad file descriptor"))
    }
  #endif

  @Test func aReaderThatGoesAwayEndsItQuietly() throws {
    let run = try Consort(
      ["-c", "\"$0\" cost wide-resnet-10000-1 --layers | head -n 1", try Consort.path()],
      program: "/bin/sh")
    #expect(run.output.hasPrefix("layer"))
    #expect(run.errors == "")
  }

  @Test func trainingGoesToTheProgramBeside() throws {
    try Consort.withDirectory { directory in
      let consort = directory + "/consort"
      try FileManager.default.copyItem(atPath: try Consort.path(), toPath: consort)
      let missing = try Consort(["train", "x.json"], program: consort)
      #expect(missing.status == 1)
      #expect(missing.errors.contains("/consort-train', which trains: No such file or directory"))
      #expect(missing.errors.contains("build it with `make build`"))

      let trainer = directory + "/consort-train"
      try Data("#!/bin/sh\nfor word; do echo \"<$word>\"; done\nexit 7\n".utf8)
        .write(to: URL(filePath: trainer))
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: trainer)
      let run = try Consort(["train", "--data", "x y", "--", "-a b"], program: consort)
      #expect(run.status == 7)
      #expect(run.output == "<train>\n<--data>\n<x y>\n<-->\n<-a b>\n")
      // What makes no sense does not get so far.
      #expect(try Consort(["train"], program: consort).status == 2)

      try Data("#!/bin/sh\nkill -TERM $$\n".utf8).write(to: URL(filePath: trainer))
      let killed = try Consort(["train", "x.json"], program: consort)
      #expect(killed.wasKilled && killed.status == SIGTERM && killed.errors == "")
    }
  }
}
