import Decisions
import Ensembles
import Formatting

extension ReportPage {
  /// How far probabilities can be believed.
  var calibrationSection: Section? {
    guard let decision = content.decision, let reliability = charts.reliability else { return nil }
    let head: HTML = """
      <th scope="col">On the \(decision.testName)</th><th scope="col">Accuracy, %</th>\
      <th scope="col">NLL, nats</th><th scope="col">Brier</th>\
      <th scope="col">ECE, equal width</th><th scope="col">ECE, equal mass</th>\
      <th scope="col">Classwise error</th><th scope="col">ECE by chance</th><th scope="col">Test of ECE</th>
      """
    let rows = reliability.summaries.map { title, summary -> HTML in
      """
      <tr><th scope="row">\(title)</th><td>\(NumberFormat.percent(summary.metrics.top1Accuracy))</td>\
      <td>\(NumberFormat.fixed(summary.metrics.negativeLogLikelihood, 4))</td>\
      <td>\(NumberFormat.fixed(summary.metrics.brierScore, 4))</td>\
      <td>\(NumberFormat.fixed(summary.metrics.expectedCalibrationError, 4))</td>\
      <td>\(NumberFormat.fixed(summary.equalMassError, 4))</td>\
      <td>\(NumberFormat.fixed(summary.classwiseError, 4))</td>\
      <td>\(summary.test.map { NumberFormat.fixed($0.expectedError, 4) } ?? "–")</td>\
      <td>\(summary.test.map { NumberFormat.probability($0.pValue) } ?? "–")</td></tr>

      """
    }
    let sentence = CalibrationSentence(decision)
    return Section(
      id: "calibration", title: "Calibration",
      body: """
        <p>\((sentence.text ?? "").unbroken) \((sentence.test ?? "").unbroken)</p>
        \(figure("reliability", label: "Reliability diagrams.", caption: """
          Of the predictions of each confidence, how many are right. Where a bar ends below the dashed \
          line, the model is too sure; above it, not sure enough. Upright lines: where 95 % of the bars would end if \
          the probabilities were right. Pale bars hold fewer than 20 images.
          """))
        \(.table("Calibration", head: head, rows: rows))
        \(comparedMethods(decision))
        """)
  }

  /// How methods did on hold-out images that they were not fitted to.
  private func comparedMethods(_ decision: Decision) -> HTML {
    guard let comparison = decision.calibration.comparison, comparison.folds > 0 else { return "" }
    let head: HTML = """
      <th scope="col" class="word">Calibration</th><th scope="col">NLL, nats</th>\
      <th scope="col">Difference</th><th scope="col">Standard error</th><th scope="col">Turned right</th>\
      <th scope="col">Turned wrong</th><th scope="col" class="word"></th>
      """
    return """
      <details><summary>What was compared on the hold-out</summary>
      <p>Each method was fitted to \(comparison.folds - 1) of \(comparison.folds) parts of \
      \(comparison.images.counted("hold-out image")) and judged on the other one, in turns. A temperature is taken where it \
      is better than none; another method only where it is better than that by more than a standard error, and turns \
      no more images wrong than right beyond chance.</p>
      \(.table("Calibration methods", head: head, rows: comparison.trials.map { row($0, comparison) }))
      </details>
      """
  }

  private func row(
    _ trial: CalibrationComparison.Trial, _ comparison: CalibrationComparison
  ) -> HTML {
    func cell(_ value: Double?, _ digits: Int) -> HTML {
      "<td>\(value.map { NumberFormat.fixed($0, digits) } ?? "–")</td>"
    }
    let isTried = trial.negativeLogLikelihood != nil
    let remark =
      trial.refusal.map { "not tried: \($0)" }
      ?? (trial.method == comparison.chosen
        ? "chosen" : trial.losesAccuracy ? "loses accuracy" : "")
    return """
      <tr><th scope="row" class="word">\(trial.method.name)</th>\(cell(trial.negativeLogLikelihood, 4))\
      \(cell(trial.difference, 4))\(cell(trial.standardError, 4))\
      <td>\(isTried ? "\(trial.gained)" : "–")</td><td>\(isTried ? "\(trial.lost)" : "–")</td>\
      <td class="word">\(remark)</td></tr>

      """
  }
}
