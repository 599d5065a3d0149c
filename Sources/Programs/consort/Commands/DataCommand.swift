import CommandLine
import Datasets
import Downloads
import Files
import Formatting
import Inference

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `consort data`: data sets.
let dataCommand = Command(
  name: "data",
  summary: "Fetch public data sets, split folders of images, and draw some.",
  subcommands: [downloadCommand, splitCommand, drawCommand])

/// `consort data draw`: the images of the demo, as files.
private let drawCommand = Command(
  name: "draw",
  summary: "Write test images of the kind that the demo trains on, a folder a class.",
  operands: [Operand("DIR", help: "Where CLASS/NUMBER.png is written: a place where nothing is.")],
  options: [
    CommandOption("--count", "N", help: "How many images (default: 100)."),
    CommandOption("--size", "PIXELS", help: "Of each side, 8 to 512 (default: 16, the demo's)."),
    CommandOption("--seed", "N", help: "Another seed, other images (default: 0, the demo's)."),
  ],
  discussion: """
    The images are drawn by code and not of the world: they are for trying things out. With the
    demo's size and seed they are the first of those that it tests on.
    """,
  examples: ["consort data draw figures && consort predict my-ensemble --data figures"],
  run: { arguments in
    let out = Directory.withoutSlash(arguments.operand(0) ?? "")
    guard !Directory.isTaken(out) else { throw InferenceError.placeTaken(path: out) }
    let seed = try arguments.integer("--seed") ?? 0
    guard seed >= 0 else { throw UsageError("--seed is 0 or more") }
    let images = ProceduralImages(
      imageSize: try arguments.integer("--size") ?? ProceduralImages().imageSize, trainCount: 1,
      testCount: try arguments.integer("--count") ?? 100, seed: UInt64(seed))
    try images.validate()
    let split = images.dataset().test
    try split.writeFiles(to: out)
    print(
      "\(Terminal.printable(out)): \(split.count.counted("image")) of "
        + "\(Set(split.labels).count.counted("class", "classes"))")
  })

/// `consort data split`: images to train on and to test out of one directory of classes.
private let splitCommand = Command(
  name: "split",
  summary: "Divide folders of images, one a class, into images to train on and to test.",
  operands: [Operand("DIR", help: "A directory with a folder of images for each class.")],
  options: [
    CommandOption(
      "--out", "DIR", help: "Where train/CLASS and test/CLASS are written (default: DIR-split)."),
    CommandOption("--test", "PERCENT", help: "Of each class's images, to test (default: 20)."),
    CommandOption("--seed", "N", help: "Another seed, other images (default: 0)."),
    CommandOption("--copy", help: "Copy images in place of linking them (hard links)."),
  ],
  discussion: """
    Each class gives the same share, at least one image. The images in DIR stay as they are. Files
    with the same content come to the same side; the same seed makes the same split.
    """,
  examples: [
    "consort data split photos && consort train Experiments/photographs.json --data photos-split"
  ],
  run: { arguments in
    let directory = Directory.withoutSlash(arguments.operand(0) ?? "")
    let out = arguments.string("--out") ?? "\(directory)-split"
    let percent = try arguments.number("--test") ?? 20
    guard percent >= 1, percent < 100 else {
      throw UsageError(
        "--test is in percent, from 1 to below 100, such as 20, not "
          + (arguments.string("--test") ?? ""))
    }
    let seed = try arguments.integer("--seed") ?? 0
    guard seed >= 0 else { throw UsageError("--seed is 0 or more") }
    try Directory.checkWritable(out)
    let split = try DatasetSplit(of: directory, testShare: percent / 100, seed: UInt64(seed))
    Terminal.writeNotes(Note.lines(split.notes))
    let copied = try split.write(to: out, copies: arguments.isSet("--copy"))
    let (train, test) = split.counts
    let how = copied == 0 ? "linked" : copied == train + test ? "copied" : "linked and copied"
    print(
      "\(Terminal.printable(out)): \(train.counted("image")) to train on, \(test.grouped) to test, of "
        + "\(split.classes.count.counted("class", "classes")); \(how), none moved")
  })

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
      let names = Download.Archive.all.map(\.name)
      throw UsageError(
        "there is no data set '\(name)'\(Spelling.suggestion(for: name, among: names)): "
          + names.joined(separator: " or "))
    }
    let directory = try Download.fetch(
      archive: archive, into: arguments.string("--to") ?? "data",
      baseURL: arguments.string("--from"), showsProgress: Terminal.isTerminal(STDERR_FILENO),
      progress: { Terminal.writeError($0) })
    print(directory)
  })
