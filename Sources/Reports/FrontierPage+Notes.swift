import CLI
import Ensembles

extension FrontierPage {
  /// What the figures were measured on, and by which command and machine.
  func dataSection() -> HTML {
    var facts: [(String, HTML)] = []
    if let dataset = context.dataset { facts.append(("Data", "\(dataset)")) }
    facts.append(
      (
        "Images",
        "\(frontier.images.grouped) of the \(frontier.split) split, \(frontier.classes) classes"
      ))
    facts.append(("Fingerprint (SHA-256)", "<code>\(frontier.fingerprint)</code>"))
    facts.append(("Combination", "\(Self.name(of: frontier.rule))"))
    if let command = context.command { facts.append(("Command", "<code>\(command)</code>")) }
    let lines = facts.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>\n" as HTML }
    return """
      <section>
      <h2>Data and machine</h2>
      <dl>
      \(lines.joined())</dl>
      \(details("Images", context.data))
      \(details("Experiment", context.experiment))
      \(details("Environment", context.environment))
      </section>
      """
  }

  private func details(_ title: String, _ facts: [ReportContext.Fact]) -> HTML {
    guard !facts.isEmpty else { return "" }
    let lines = facts.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>\n" as HTML }
    return """
      <details><summary>\(title)</summary>
      <dl>
      \(lines.joined())</dl>
      </details>
      """
  }

  static func name(of rule: CombinationRule) -> String {
    switch rule {
    case .geometricMean: "geometric mean of the members' probabilities"
    case .arithmeticMean: "arithmetic mean of the members' probabilities"
    case .logitMean: "mean of the members' logits"
    case .majorityVote: "majority vote"
    }
  }

  /// What the figures mean, plainly.
  func notesSection() -> HTML {
    """
    <section>
    <h2>How to read this</h2>
    <ul>
    <li><b>Compute.</b> MACs are the multiply-accumulates of convolutions and linear layers for one \
    image; FLOPs = 2 × MACs. An ensemble costs the sum of its members.</li>
    <li><b>Points.</b> For n members of a network: the mean over all subsets of n of its trained \
    members, or over a seeded sample of them where there are many. For n = 1, Top-1 is the median \
    member's, and NLL, ECE, Brier score and spread are over the members. The spread is over those \
    subsets, which share members: it is no interval for a new training.</li>
    <li><b>Comparisons</b> set the ensemble's mean over subsets against the larger network's mean over \
    its trained members, which may differ a little from its median member among the points.</li>
    <li><b>The 95 % interval</b> comes from a paired bootstrap over the images: an interval made this \
    way covers the difference over all images of this kind in about 95 of 100 draws of images, for \
    these same trained members. It does not cover what training again would change.</li>
    <li><b>McNemar's test</b> compares one ensemble (the first n members) with the larger network's \
    member of median accuracy (of an even number the upper of the middle two), on the images where \
    just one of the two is right: “one pair”. The p-values \
    are not corrected for the number of comparisons.</li>
    <li><b>The verdict</b> is “better” or “worse” where the interval leaves out zero and the one pair \
    shows the same with p &lt; 0.05; “undecided” otherwise.</li>
    <li><b>NLL</b> is the mean negative log-likelihood, in nats; <b>ECE</b> the expected calibration \
    error over 15 bins of equal width. Lower is better for both, and for the Brier score. \
    A majority vote has no NLL: it gives a class without a vote no probability.</li>
    <li>No number of members was chosen by these images: all are shown.</li>
    </ul>
    </section>
    """
  }
}
