import CommandLine
import Files
import MemberSources
import Reports

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The places that options name for what a command writes, checked before it does work that would be lost.
extension ParsedArguments {
  /// The file that the option `name` names; nil where it is not given.
  ///
  /// - Throws: `UsageError` where it is read as well, or what is printed goes there too; `FileError` where it cannot be
  ///   written.
  func outputFile(_ name: String) throws -> String? {
    guard let path = string(name) else { return nil }
    if isSet("--json"), DurableFile.isStandardOutput(path) {
      throw UsageError(
        "\(name) and --json both go to standard output: give \(name) another file, or leave one out"
      )
    }
    try checkOutputFile(path, option: name)
    return path
  }

  /// The same for a place that is taken where the option is not given.
  func checkOutputFile(_ path: String, option name: String) throws {
    try DurableFile.check(path)
    guard let input = others(than: name).first(where: { Directory.isSame($0, path) }) else {
      return
    }
    throw UsageError("\(name) '\(path)' would replace '\(input)', which is read: name another file")
  }

  /// Makes sure that a report in the directory `out` replaces nothing that is read.
  ///
  /// - Parameter sources: Where predictions come from.
  /// - Throws: `UsageError`, or what reading the sources throws.
  func checkReport(_ out: String, of sources: [String]) throws {
    let files =
      try sources.flatMap { try MemberSource(path: $0).inputs } + others(than: "--out")
    for name in DecisionReport.fileNames {
      guard let input = files.first(where: { Directory.isSame($0, "\(out)/\(name)") }) else {
        continue
      }
      throw UsageError(
        "the report in '\(out)' would replace '\(input)', which is read: name another directory with --out"
      )
    }
  }

  /// The directory that the option `name` names, in which files may be replaced; `place` where it is not given.
  ///
  /// - Throws: `FileError` where it cannot be written to.
  func outputDirectory(_ name: String, default place: @autoclosure () -> String) throws -> String {
    guard let path = directory(name) else {
      // Beside a source that is a file by mistake, or cannot be reached: what is wrong is said when it is read.
      let place = place()
      do throws(FileError) { try Directory.checkWritable(place) } catch {
        let isOfSource = error.reason == systemErrorReason(ENOTDIR)
        guard isOfSource || operands.contains(where: { !Directory.isReadable($0) }) else {
          throw error
        }
      }
      return place
    }
    try Directory.checkWritable(path)
    return path
  }
}
