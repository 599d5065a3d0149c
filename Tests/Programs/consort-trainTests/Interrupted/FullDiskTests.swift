import Foundation
import TestSupport
import Testing

/// Disks without room in the middle of a training.
@Suite struct FullDiskTests {
  @Test func aFileThatMayNotGrowEndsTheRunAndLosesNothing() throws {
    let whole = try TinyExperiment.finishedRun(epochs: TinyExperiment.many)
    try Consort.withDirectory { directory in
      try TinyExperiment.write(TinyExperiment.json(epochs: TinyExperiment.many), in: directory)
      let first = try TinyExperiment.start(in: directory)
      #expect(first.wait { $0.output.contains("epoch 3/") })
      first.send(SIGINT)
      #expect(try first.finish().status == 85)
      let member = "runs/tiny/members/wide-resnet-10-1-0"
      let before = try FileTree("\(directory)/\(member)")
      // A checkpoint has 632 kB; the shell's unit is 512 or 1024 bytes.
      let limited = try Consort(
        ["-c", #"trap "" XFSZ; ulimit -f 200; exec "$0" "$@""#, Consort.path()]
          + TinyExperiment.command, program: "/bin/sh", directory: directory)
      #expect(limited.status == 1 && !limited.wasKilled)
      #expect(limited.errors.hasPrefix("consort: error: cannot write '\(member)/checkpoint-"))
      #expect(
        limited.errors.hasSuffix(
          ".safetensors': File too large; raise the limit on the size of files, as with `ulimit -f`, then run the command again\n"
        ))
      let after = try FileTree("\(directory)/\(member)")
      #expect(after.names == before.names)
      let checkpoints = before.names.filter { $0.hasPrefix("checkpoint-") }
      #expect(!checkpoints.isEmpty)
      for name in checkpoints { #expect(after.contents[name] == before.contents[name]) }
      #expect(try TinyExperiment.train(in: directory).status == 0)
      try expectTheBits(of: whole, in: directory)
    }
  }

  #if os(Linux)
    /// A file system of 1,200 kB, which one checkpoint fits into and a second beside it does not.
    @Test(
      .enabled(if: PrivateMounts.command != nil, "skipped: private mounts are not permitted here"))
    func aFullDiskEndsTheRunAndLosesNothing() throws {
      let whole = try TinyExperiment.finishedRun()
      let unshare = try #require(PrivateMounts.command)
      let script = """
        mkdir runs && mount -t tmpfs -o size=1200k tmpfs runs || exit 9
        "$@" > first.out 2> first.err
        echo $? > first.status
        cp -r runs full
        mount -o remount,size=16m runs
        "$@" > second.out 2> second.err
        echo $? > second.status
        cp -r runs done
        """
      try Consort.withDirectory { directory in
        try TinyExperiment.write(TinyExperiment.json(), in: directory)
        let shell = try Consort(
          Array(unshare.dropFirst()) + ["sh", "-c", script, "sh", Consort.path()]
            + TinyExperiment.command, program: unshare[0], directory: directory)
        #expect(shell.status == 0 && shell.errors == "")
        func text(_ name: String) throws -> String {
          try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
        }
        #expect(try text("first.status") == "75\n")
        let member = "members/wide-resnet-10-1-0"
        let errors = try text("first.err")
        #expect(
          errors == """
            consort: error: cannot write 'runs/tiny/\(member)/checkpoint-00000008.safetensors': No space left on device; \
            make space there, then run the command again

            """)
        let full = try FileTree("\(directory)/full/tiny")
        #expect(full.names.contains("\(member)/checkpoint-00000004.safetensors"))
        #expect(!full.names.contains { $0.hasSuffix(".partial") })
        #expect(try text("second.status") == "0\n")
        #expect(try text("second.err") == "")
        #expect(try text("second.out").hasPrefix("wide-resnet-10-1-0  goes on after epoch 1\n"))
        try FileManager.default.removeItem(atPath: "\(directory)/runs")
        try FileManager.default.moveItem(
          atPath: "\(directory)/done", toPath: "\(directory)/runs")
        try expectTheBits(of: whole, in: directory)
      }
    }
  #endif
}
