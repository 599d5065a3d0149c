import Ensembles
import Formatting

/// Says what a decision's search will try and how long that takes, and how far it is, on standard error.
final class SearchDisplay {
  private let images: Int
  private let isLimited: Bool
  private var line: ProgressLine?
  private var kind: SearchPace.Progress.SearchKind?
  private var isAnnounced = false

  /// Searches that take less are not worth a line, in seconds.
  private static let short = 3.0

  /// - Parameters:
  ///   - images: Of the hold-out.
  ///   - isLimited: Whether the user has said how long it may take.
  init(images: Int, isLimited: Bool) {
    self.images = images
    self.isLimited = isLimited
  }

  /// Shows how far it is.
  func show(_ progress: SearchPace.Progress) {
    if kind != progress.kind {
      end()
      kind = progress.kind
      isAnnounced = false
      line = ProgressLine(Self.noun(progress.kind))
    }
    guard progress.done < progress.total else { return end() }
    announce(progress)
    line?.show(progress.done, of: progress.total, secondsLeft: progress.secondsLeft)
  }

  /// Takes the line away.
  func end() { line?.end() }

  /// What a timed part of the search says of the whole.
  private func announce(_ progress: SearchPace.Progress) {
    guard !isAnnounced, let left = progress.secondsLeft, left > Self.short else { return }
    isAnnounced = true
    let (most, all) =
      progress.kind == .cascades ? ("at most ", "at most about ") : ("", "about ")
    Terminal.writeError(
      "searching \(most)\(progress.total.grouped) \(Self.noun(progress.kind)) on "
        + "\(images.counted("image")): \(all)\(NumberFormat.duration(left)) left"
        + (isLimited ? "" : "; --seconds S takes the best that is found in that time"))
  }

  private static func noun(_ kind: SearchPace.Progress.SearchKind) -> String {
    switch kind {
    case .ensembles: "ensembles"
    case .cascades: "sequences of members for cascades"
    }
  }
}
