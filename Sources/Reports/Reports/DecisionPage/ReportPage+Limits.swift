import Decisions
import Ensembles
import Formatting

extension ReportPage {
  /// What is promised of the answers.
  var limitsSection: Section? {
    guard let decision = content.decision, let limits = decision.limits,
      let sentences = LimitSentences(decision)
    else { return nil }
    let isShifted = limits.deployed.sets[0].shifted != nil
    return Section(
      id: "limits", title: "Answers that know their limits",
      body: """
        <p>\(sentences.sets) \(sentences.abstention) \(sentences.assumption)</p>
        \(.table("Prediction sets", head: setsHead(isShifted), rows: setRows(limits, isShifted)))
        \(.table("Answers that are given", head: promiseHead, rows: promiseRows(limits)))
        \(figure("risk", label: "Error by share of answers.", style: "max-width:40rem;margin-top:1.2rem", caption: """
          Of the \(decision.testName) that are answered, how many are wrong: the surest answers first, all of them at the \
          right. \(limits.deployed.abstention.test == nil ? "" : "Dashed: what is answered as it is deployed.")
          """))
        \(setDetails(limits, decision))
        \(riskDetails(limits, decision))
        """)
  }

  private func setsHead(_ isShifted: Bool) -> HTML {
    """
    <th scope="col">Sets</th><th scope="col">Covered, %</th>\
    <th scope="col">Expected, %</th><th scope="col">Mean size</th><th scope="col">One class, %</th>\
    <th scope="col">Of these right, %</th><th scope="col">Worst class, %</th>\
    \(isShifted ? HTML("<th scope=\"col\">Shifted, covered, %</th>") : "")
    """
  }

  private func setRows(_ limits: DecisionLimits, _ isShifted: Bool) -> [HTML] {
    let deployed = limits.deployed.sets.enumerated().map { place, sets in
      setRow(sets, place == 0 ? "deployed" : nil, isShifted)
    }
    return deployed
      + (limits.single.map { [setRow($0.sets[0], "best single model", isShifted)] } ?? [])
  }

  private func setRow(
    _ sets: CandidateLimits.Sets, _ role: String?, _ isShifted: Bool
  ) -> HTML {
    let test = sets.test
    let expected =
      sets.expectedCoverage.map {
        NumberFormat.percent($0.lowerBound, to: $0.upperBound, 1)
      } ?? "–"
    let shifted: HTML =
      isShifted
      ? "<td>\(sets.shifted.map { NumberFormat.percent($0.coverage.value, 1) } ?? "–")</td>" : ""
    return """
      <tr\(role == "deployed" ? HTML(" class=\"pareto\"") : "")><th scope="row">\(sets.score.kind.title)\
      \(sets.isByClass ? ", by class" : "")\(role.map { ", \($0)" } ?? "")</th>\
      <td>\(NumberFormat.percent(test.coverage.value, 1))</td><td>\(expected)</td>\
      <td>\(NumberFormat.fixed(test.meanSize, 2))</td>\
      <td>\(NumberFormat.percent(test.singletonShare, 1))</td>\
      <td>\(test.singletonAccuracy.map { NumberFormat.percent($0, 1) } ?? "–")</td>\
      <td>\(NumberFormat.percent(test.leastCoveredClass.coverage.value, 1))</td>\(shifted)</tr>

      """
  }

  private var promiseHead: HTML {
    """
    <th scope="col">Wrong at most</th><th scope="col" class="word">Deployed answers</th>\
    <th scope="col" class="word">Best single model answers</th>
    """
  }

  private func promiseRows(_ limits: DecisionLimits) -> [HTML] {
    func promises(_ candidate: CandidateLimits) -> [AbstentionPromise] {
      ([candidate.abstention.promise] + candidate.abstention.others)
        .sorted { $0.error < $1.error }
    }
    func words(_ promise: AbstentionPromise?) -> String {
      guard let promise else { return "–" }
      return promise.rule.map {
        "\(NumberFormat.percent($0.coverage.value, 1)) %, above \(NumberFormat.fixed($0.threshold, 3))"
      }
        ?? (promise.images < promise.imagesNeeded
          ? "not with fewer than \(promise.imagesNeeded.grouped) images" : "none: too many errors")
    }
    let single = limits.single.map(promises)
    return promises(limits.deployed).enumerated().map { place, promise in
      """
      <tr\(promise.error == limits.options.error ? HTML(" class=\"pareto\"") : "")>\
      <th scope="row">\(NumberFormat.shortPercent(promise.error))</th>\
      <td class="word">\(words(promise))</td>\
      <td class="word">\(words(single?[place] ?? (limits.single == nil ? promise : nil)))</td></tr>

      """
    }
  }

  private func setDetails(_ limits: DecisionLimits, _ decision: Decision) -> HTML {
    let report = limits.deployed.sets[0].test
    let sizes = report.bySize.map { stratum -> HTML in
      """
      <tr><th scope="row">\(stratum.least == stratum.most ? "\(stratum.least)" : "\(stratum.least) to \(stratum.most)")</th>\
      <td>\(stratum.images.grouped)</td><td>\(NumberFormat.percent(stratum.coverage.value, 1))</td>\
      <td>\(NumberFormat.percent(stratum.coverage.interval.lowerBound, to: stratum.coverage.interval.upperBound, 1))</td></tr>

      """
    }
    let classes = report.byClass.sorted { $0.coverage.value < $1.coverage.value }.prefix(20)
      .map { own -> HTML in
        """
        <tr><th scope="row"><span class="name">\(className(own.label, decision))</span></th><td>\(own.images.grouped)</td>\
        <td>\(NumberFormat.percent(own.coverage.value, 1))</td>\
        <td>\(NumberFormat.percent(own.coverage.interval.lowerBound, to: own.coverage.interval.upperBound, 1))</td>\
        <td>\(NumberFormat.fixed(own.meanSize, 2))</td></tr>

        """
      }
    return """
      <details><summary>Sets by size and by class</summary>
      <p class="small">\(limits.deployed.byClassRefusal ?? "Each class has images enough for a promise of its own.") \
      A promise of all images together may be kept by some classes and sizes and missed by others. \
      \(NumberFormat.percent(report.emptyShare, 1)) % of the sets would be empty and have the predicted class alone.</p>
      \(.table("Sets by size", head: """
        <th scope="col">Classes in the set</th><th scope="col">Images</th><th scope="col">Covered, %</th>\
        <th scope="col">95 % interval</th>
        """, rows: sizes))
      \(.table("Sets by class, the least covered first", head: """
        <th scope="col">Class</th><th scope="col">Images</th><th scope="col">Covered, %</th>\
        <th scope="col">95 % interval</th><th scope="col">Mean size</th>
        """, rows: Array(classes)))
      </details>
      """
  }

  private func className(_ label: Int, _ decision: Decision) -> String {
    decision.errors?.classNames?[label] ?? "class \(label)"
  }

  private func riskDetails(_ limits: DecisionLimits, _ decision: Decision) -> HTML {
    func cells(_ candidate: CandidateLimits?, _ place: Int) -> HTML {
      guard let bound = candidate?.abstention.bounds[place] else { return "<td>–</td><td>–</td>" }
      return """
        <td>\(NumberFormat.fixed(bound.threshold, 3))</td>\
        <td>\(NumberFormat.percent(bound.greatestError))</td>
        """
    }
    let shares = limits.deployed.abstention.bounds.indices.map { place -> HTML in
      let bound = limits.deployed.abstention.bounds[place]
      return """
        <tr><th scope="row">\(NumberFormat.percent(Double(bound.answered) / Double(max(1, bound.images)), 0)) %</th>\
        \(cells(limits.deployed, place))\(cells(limits.single ?? limits.deployed, place))</tr>

        """
    }
    func areas(_ name: String, _ curve: RiskCoverageCurve) -> HTML {
      """
      <tr><th scope="row">\(name)</th><td>\(NumberFormat.percent(curve.error))</td>\
      <td>\(NumberFormat.fixed(curve.area, 4))</td><td>\(NumberFormat.fixed(curve.excessArea, 4))</td>\
      <td>\(NumberFormat.fixed(curve.generalizedArea, 4))</td></tr>

      """
    }
    let curves =
      [areas("Deployed", limits.deployed.abstention.curve)]
      + (limits.single.map { [areas("Best single model", $0.abstention.curve)] } ?? [])
    return """
      <details><summary>Error by share of answers</summary>
      <p class="small">For a share of the images that is answered: above which probability, and the greatest error with \
      \(NumberFormat.shortPercent(limits.options.confidence)) confidence, each line for itself.</p>
      \(.table("Error by share of answers", head: """
        <th scope="col">Answered, hold-out</th><th scope="col">Deployed above</th><th scope="col">Error, % at most</th>\
        <th scope="col">Single above</th><th scope="col">Error, % at most</th>
        """, rows: shares))
      <p class="small">How well confidence ranks answers on the \(decision.testName): the area under the error by share of answers, \
      its excess over the best ranking, and the mean share of images that are answered and wrong. Less is better.</p>
      \(.table("Areas under the risk", head: """
        <th scope="col">Model</th><th scope="col">Error of all, %</th><th scope="col">AURC</th>\
        <th scope="col">Excess</th><th scope="col">AUGRC</th>
        """, rows: curves))
      </details>
      """
  }

  /// How images that are unlike the training's are told from the test images.
  var unlikeSection: Section? {
    guard let decision = content.decision, let novelty = decision.novelty else { return nil }
    func rows(_ name: String, _ scores: [NoveltyFigures.Score]) -> [HTML] {
      scores.map { score in
        let found = score.detection
        return """
          <tr><th scope="row">\(name), \(score.score.title)</th><td>\(NumberFormat.fixed(found.areaUnderROC, 3))</td>\
          <td>\(NumberFormat.fixed(found.interval.lowerBound, 3))–\(NumberFormat.fixed(found.interval.upperBound, 3))</td>\
          <td>\(NumberFormat.fixed(found.precisionOfUnlike, 3))</td><td>\(NumberFormat.fixed(found.precisionOfKnown, 3))</td>\
          <td>\(NumberFormat.percent(found.falseAlarms, 1))</td></tr>

          """
      }
    }
    let answered =
      novelty.answered.map {
        " \(NumberFormat.percent($0.value, 1)) % of them are answered all the same."
      } ?? ""
    let size =
      novelty.meanSetSize.map {
        " Their prediction sets have \(NumberFormat.fixed($0, 2)) classes on average."
      }
      ?? ""
    return Section(
      id: "unlike", title: "Unlike what it was trained on",
      body: """
        <p>\(novelty.images.count.counted("image")) of '\(novelty.images.split)' that are of no class, told from the \
        \(decision.testName) by how unsure the answers are. AUROC 0.5 says nothing.\(answered)\(size) No promise \
        covers them.</p>
        \(.table("Detection of images that are unlike", head: """
          <th scope="col">Score</th><th scope="col">AUROC</th><th scope="col">95 % interval</th>\
          <th scope="col">AUPR, unlike</th><th scope="col">AUPR, known</th><th scope="col">FPR95, %</th>
          """, rows: rows("Deployed", novelty.deployed) + rows("Best single model", novelty.single ?? [])))
        """)
  }

  /// Which decision would have been best on the shifted images.
  func shiftedChoice(_ decision: Decision) -> String {
    guard let choice = decision.shiftedChoice, let best = decision.candidate(choice.best) else {
      return ""
    }
    guard choice.betterCount > 0 else {
      return "No candidate is more accurate on them than the deployed one."
    }
    let interval = choice.interval
    return
      "Seen afterwards, \(best.network) (\(best.id)) would have been best there, by "
      + "\(NumberFormat.points(choice.difference)) points "
      + "(\(NumberFormat.points(interval.lowerBound)) to \(NumberFormat.points(interval.upperBound))); "
      + "\(choice.betterCount.counted("candidate")) of \(decision.candidates.count.grouped) are more accurate there, "
      + (choice.bestForCost == decision.chosen
        ? "none of them at its cost." : "at its cost \(choice.bestForCost) at best.")
  }
}
