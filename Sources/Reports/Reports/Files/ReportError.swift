/// What keeps a report from being drawn. Its data files are written all the same.
package enum ReportError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The program that draws charts is not installed.
  case rendererMissing(reason: String)
  /// The program that draws charts failed.
  case renderingFailed(directory: String, reason: String)
  /// A signal ended the program that draws charts.
  case rendererKilled(directory: String, signal: Int32)
  /// The charts do not fit where they are drawn, beside the results.
  case noSpace(directory: String, reason: String)

  /// What is wrong, and how to fix it.
  package var description: String {
    switch self {
    case .rendererMissing(let reason):
      "the charts and the page are not drawn, the other files are written: \(reason); "
        + "run `make setup`, or name its directory in CONSORT_DEPS"
    case .renderingFailed(let directory, let reason):
      "cannot draw the charts in '\(directory)': \(reason); run `make setup` and then this again"
    case .rendererKilled(let directory, let signal):
      "cannot draw the charts in '\(directory)': the program that draws them died of signal \(signal), as it does where memory "
        + "does not suffice; free memory, or raise the limit on it (`ulimit -v`), then run the command again"
    case .noSpace(let directory, let reason):
      "cannot draw the charts in '\(directory)': \(reason); make space there, then run the command again"
    }
  }
}
