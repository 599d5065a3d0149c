import Datasets
import Files
import Processes

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Unpacks a verified archive of one flat directory, beside the final place, then moves file by file.
struct Unpacking {
  let archivePath: String
  let directory: String
  /// The directory in the archive.
  let name: String

  func run() throws {
    let temporary = "\(directory)/.\(name).unpacking"
    try remove(temporary)
    try Directory.create(temporary)
    do {
      try tool([
        "tar", "-x", "-z", "--no-same-owner", "-f", archivePath, "-C", temporary,
      ])
      try move(from: "\(temporary)/\(name)", to: "\(directory)/\(name)")
    } catch {
      try? remove(temporary)
      throw error
    }
    try remove(temporary)
  }

  private func move(from source: String, to target: String) throws {
    guard Directory.isDirectory(source) else {
      throw DatasetError.cannotUnpack(path: archivePath, reason: "it holds no directory '\(name)'")
    }
    try Directory.create(target)
    for file in try Directory.names(in: source)
    where "\(source)/\(file)".withSystemPath({ from in
      "\(target)/\(file)".withSystemPath { rename(from, $0) }
    }) != 0 {
      throw FileError.cannotWrite(
        path: "\(target)/\(file)", reason: String(cString: strerror(errno)))
    }
  }

  private func remove(_ path: String) throws {
    if Directory.exists(path) { try tool(["rm", "-r", "-f", "--", path]) }
  }

  private func tool(_ arguments: [String]) throws(DatasetError) {
    let outcome: Subprocess.Outcome
    do {
      outcome = try Subprocess.run(arguments, catchesErrorText: true)
    } catch {
      throw .toolMissing(tool: arguments[0], reason: error.reason)
    }
    guard outcome.status == 0 else {
      let line = outcome.errorText.split(separator: "\n").first.map(String.init)
      throw .cannotUnpack(
        path: archivePath, reason: line ?? "\(arguments[0]) ended with status \(outcome.status)")
    }
  }
}
