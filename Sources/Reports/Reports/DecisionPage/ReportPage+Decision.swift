import Decisions

extension ReportPage {
  /// The decision in words and its key figures; without one, what the fixed ensembles show.
  var heading: HTML {
    """
    <header>
    <p class="kicker">Consort · one larger model, or several smaller ones?</p>
    <h1>\(context.title)</h1>
    \(content.decision.map(answer) ?? noAnswer)
    </header>
    """
  }

  private func answer(_ decision: Decision) -> HTML {
    let text = DecisionText(decision)
    let reasons = [
      text.measured, text.otherCosts, text.images, text.goal, text.guarantees, text.temperatures,
      text.shifted,
    ]
    let further = (text.cautions + reasons.compactMap { $0 }).map {
      "<li>\($0.unbroken)</li>\n" as HTML
    }
    let comparison: HTML =
      text.comparison.map { "<p class=\"second\">\($0.unbroken)</p>\n" } ?? ""
    return """
      <p class="lede">\(text.deploy.unbroken)</p>
      \(comparison)\(promise(text))\(cards(decision))
      \(answers(decision))
      <ul class="grounds">
      \(further.joined())</ul>
      \(buildLine(decision.deployed))
      <p class="small">\(text.caveat)</p>
      """
  }

  private func promise(_ text: DecisionText) -> HTML {
    text.promise.map { "<p class=\"second\">\($0.unbroken)</p>\n" } ?? ""
  }

  /// The three answers, side by side where there is room.
  private func answers(_ decision: Decision) -> HTML {
    let rows = PromiseSentences(decision).rows.map { row -> HTML in
      """
      <div class="card"><dt>\(row.question)</dt><dd><b>\(row.candidate)</b>\
      <span>\(row.worth)</span><span>\(row.id)</span></dd></div>

      """
    }
    return rows.isEmpty ? "" : "<dl class=\"cards answers\">\n\(rows.joined())</dl>"
  }

  private var noAnswer: HTML {
    """
    <p class="lede">Nothing could be chosen: there are no hold-out predictions.</p>
    <p>An ensemble chosen by the images that also judge it would look better than it is. To choose, \
    predict images that neither training nor this report has used: set <code>"holdOut"</code> in the \
    experiment's <code>"data"</code> and train, or give predictions of a hold-out for the same members. \
    Below is what ensembles of every size do, none of them chosen.</p>
    """
  }

  private func cards(_ decision: Decision) -> HTML {
    let cards = KeyFigure.of(decision).map { figure -> HTML in
      """
      <div class="card"><dt>\(figure.name)</dt><dd><b>\(figure.value)</b>\
      <span>\(figure.note)</span></dd></div>

      """
    }
    return "<dl class=\"cards\">\n\(cards.joined())</dl>"
  }
}
