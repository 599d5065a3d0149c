import Decisions
import Formatting

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ReportPage {
  /// The candidates that matter on further images.
  var shiftedSection: Section? {
    guard let decision = content.decision, let images = decision.shifted else { return nil }
    let shown = decision.candidates.filter {
      $0.shifted != nil
        && ($0.isOnFrontier || $0.id == decision.chosen || $0.id == decision.reference)
    }
    let head: HTML = """
      <th scope="col">Candidate</th><th scope="col">Test, %</th><th scope="col">Shifted, %</th>\
      <th scope="col">Points lost</th><th scope="col">NLL, test</th><th scope="col">NLL, shifted</th>\
      <th scope="col">ECE, test</th><th scope="col">ECE, shifted</th>
      """
    return Section(
      id: "shifted", title: "Shifted images",
      body: """
        <p>\(images.count.counted("image")) of '\(images.split)' that neither chose nor judge: how far \
        the figures hold where images differ. The deployed candidate is shown as calibrated. \
        \(shiftedChoice(decision))</p>
        \(.table("Test and shifted images", head: head,
          rows: shown.map { shiftedRow($0, decision, among: shown) }))
        """)
  }

  private func shiftedRow(
    _ candidate: Candidate, _ decision: Decision, among candidates: [Candidate]
  ) -> HTML {
    let isChosen = candidate.id == decision.chosen
    let shown = isChosen ? decision.deployed : candidate
    let (test, shifted) = (shown.test.metrics, shown.shifted?.metrics ?? shown.test.metrics)
    return """
      <tr\(isChosen ? HTML(" class=\"pareto\"") : "")><th scope="row">\
      <span class="name">\(candidate.networkNames)</span>\
      \(identity(candidate, among: candidates))\(tag(candidate, decision))</th>\
      <td>\(NumberFormat.percent(test.top1Accuracy))</td><td>\(NumberFormat.percent(shifted.top1Accuracy))</td>\
      <td>\(NumberFormat.percent(test.top1Accuracy - shifted.top1Accuracy))</td>\
      <td>\(NumberFormat.fixed(test.negativeLogLikelihood, 4))</td>\
      <td>\(NumberFormat.fixed(shifted.negativeLogLikelihood, 4))</td>\
      <td>\(NumberFormat.fixed(test.expectedCalibrationError, 4))</td>\
      <td>\(NumberFormat.fixed(shifted.expectedCalibrationError, 4))</td></tr>

      """
  }

  /// Images that the chosen ensemble gets right and the best single model wrong.
  var examplesSection: Section? {
    guard !content.examples.isEmpty else { return nil }
    let figures = content.examples.map { example -> HTML in
      """
      <li><img class="\(Self.isTiny(example.png) ? "tiny" : "photo")" alt="" \
      src="data:image/png;base64,\(Data(example.png).base64EncodedString())">
      <p><b>\(example.label)</b></p>
      <p class="better">✓ \(example.chosen.name) \(NumberFormat.percent(example.chosen.probability, 0)) %</p>
      <p class="worse">✗ \(example.reference.name) \
      \(NumberFormat.percent(example.reference.probability, 0)) %</p></li>

      """
    }
    return Section(
      id: "examples", title: "Example images",
      body: """
        <p>Test images that the deployed candidate gets right (✓) and the best single model wrong (✗), with \
        how sure each is. Chosen to show the difference: there are images the other way round, too.</p>
        <ul class="examples">
        \(figures.joined())</ul>
        """)
  }

  /// Whether the picture is so small that its pixels shall stay sharp: its header says how wide it is.
  static func isTiny(_ png: [UInt8]) -> Bool {
    guard png.count >= 24 else { return false }
    return png[16..<20].reduce(0) { $0 << 8 | Int($1) } <= 128
  }
}
