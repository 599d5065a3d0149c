import CLI
import Datasets

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `consort data`: public data sets.
let dataCommand = Command(
  name: "data",
  summary: "Fetch public data sets.",
  subcommands: [downloadCommand])

/// `consort data download`: fetches an official archive.
private let downloadCommand = Command(
  name: "download",
  summary: "Fetch a public data set's official archive, verify it and unpack it.",
  operands: [
    Operand("NAME", help: Download.Archive.all.map(\.name).joined(separator: " or ") + ".")
  ],
  options: [
    CommandOption(
      "--to", "DIR", help: "Where the archive goes and is unpacked (default: data)."),
    CommandOption("--from", "URL", help: "A mirror's address, without the archive's file name."),
  ],
  discussion: """
    Goes on with a broken download, and checks the archive's SHA-256 before it unpacks. Without a
    network: put the archive into DIR yourself and run the same command. Prints the directory that
    `consort train --data` takes.
    """,
  examples: [
    "consort data download cifar10",
    "consort data download cifar100 --to /data",
  ],
  run: { arguments in
    let name = arguments.operand(0) ?? ""
    guard let archive = Download.Archive.all.first(where: { $0.name == name }) else {
      let names = Download.Archive.all.map(\.name).joined(separator: " or ")
      throw UsageError("there is no data set '\(name)': \(names)")
    }
    let directory = try Download.fetch(
      archive: archive, into: arguments.string("--to") ?? "data",
      baseURL: arguments.string("--from"), showsProgress: Terminal.isTerminal(STDERR_FILENO),
      progress: { Terminal.writeError($0) })
    print(directory)
  })
