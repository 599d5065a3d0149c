import Formatting
import MemberSources
import Synchronization

extension SourceProgress {
  /// On standard error: lines, and one that changes while images are predicted.
  static func standardError() -> SourceProgress {
    let line = ImageProgress()
    return SourceProgress(
      message: { Terminal.writeError($0) }, images: { line.show($0, of: $1) })
  }
}

/// How many images are predicted, said by several threads.
final class ImageProgress: Sendable {
  private let line = Mutex(ProgressLine("images"))

  func show(_ done: Int, of total: Int) {
    line.withLock { line in
      line.show(done, of: total)
      guard done >= total else { return }
      line.end()
      line = ProgressLine("images")
    }
  }
}
