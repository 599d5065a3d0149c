import Decisions
import Formatting

extension ReportPage {
  /// What it took to train those on a frontier, beside what they cost at inference; nil where it is not known.
  var trainingSection: Section? {
    guard let costs = content.trainingCosts, let decision = content.decision else { return nil }
    let rows = shownCandidates(decision).compactMap { candidate -> HTML? in
      guard let sum = costs.sum(of: candidate.members) else { return nil }
      return """
        <tr><th scope="row" title="\(candidate.members.joined(separator: ", "))">\
        <span class="name">\(candidate.networkNames)</span>\(tag(candidate, decision))</th>\
        <td>\(candidate.members.count)</td><td>\(sum.trainings)</td>\
        <td>\(NumberFormat.scaled(sum.multiplyAccumulates))</td>\
        <td>\(sum.seconds.map(NumberFormat.duration) ?? "–")</td>\
        <td>\(NumberFormat.scaled(candidate.test.cost.multiplyAccumulates))</td>\
        <td>\(NumberFormat.percent(candidate.holdOut.metrics.top1Accuracy))</td>\
        <td>\(NumberFormat.percent(candidate.test.metrics.top1Accuracy))</td></tr>

        """
    }
    guard !rows.isEmpty else { return nil }
    let head: HTML = """
      <th scope="col">Candidate</th><th scope="col">Members</th><th scope="col">Trainings</th>\
      <th scope="col">MACs to train</th><th scope="col">Time to train</th>\
      <th scope="col">MACs an image</th><th scope="col">Hold-out, %</th><th scope="col">Test, %</th>
      """
    return Section(
      id: "training", title: "Training cost",
      body: """
        <p>What it took to train the members of each candidate on the frontier. Members of one training count it once. MACs: of one \
        image through the network, times the images of all epochs; the way back is not counted. Time: of all epochs, one training \
        after another, on the machines that trained them.</p>
        \(.table("Training cost", head: head, rows: rows))
        """)
  }
}
