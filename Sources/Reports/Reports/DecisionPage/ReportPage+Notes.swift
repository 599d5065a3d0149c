import Ensembles
import Formatting

extension ReportPage {
  /// What the figures were measured on, and by which command and machine.
  var dataSection: Section? {
    var facts: [(name: String, value: HTML)] = []
    if let dataset = context.dataset { facts.append(("Data", "\(dataset)")) }
    facts.append(
      (
        "Images",
        "\(frontier.images.grouped) of the \(frontier.split) split, \(frontier.classes) classes"
      ))
    facts.append(("Fingerprint (SHA-256)", "<code>\(frontier.fingerprint)</code>"))
    facts.append(("Combination", "\(frontier.rule.name)"))
    if let separation = content.decision?.separation {
      facts.append(("Hold-out and test images", "\(separation.explanation)"))
    }
    if let command = context.command { facts.append(("Command", "<code>\(command)</code>")) }
    return Section(
      id: "data", title: "Data and machine",
      body: """
        \(.facts(facts))
        \(inferred)
        \(.details("Images", context.data))
        \(.details("Experiment", context.experiment))
        \(.details("Environment", context.environment))
        """)
  }

  /// What the command said of the sources, too.
  private var inferred: HTML {
    guard !context.notes.isEmpty else { return "" }
    let lines = context.notes.map { "<li>\($0)</li>\n" as HTML }
    return "<h3>What was inferred of the sources</h3>\n<ul>\n\(lines.joined())</ul>"
  }

  /// What the figures mean, plainly.
  var notesSection: Section? {
    Section(
      id: "notes", title: "How to read this",
      body: """
        <ul>
        \(content.decision == nil ? "" : choosingNotes)\(Self.measureNotes)\(Self.curveNotes)
        </ul>
        """)
  }

  /// What "≈" says before a time.
  static let ensembleTimes =
    "Single models are timed; ≈ marks what follows from their times: the sum of an ensemble's members, and of a "
    + "cascade what is expected of its members' times and the share of the images that comes to each."

  private var choosingNotes: HTML {
    """
    <li><b>Choosing and judging.</b> Everything is chosen on the hold-out: members, weights, thresholds, \
    calibration and the candidate itself. Every accuracy by which it is judged is of other images. On \
    the hold-out the chosen one looks a little better than it is; on the test images it does not.</li>
    <li><b>Accuracy intervals</b> are Wilson's, 95 %. <b>Differences</b> from the best single model have \
    95 % intervals from a paired bootstrap over the images. They hold for these trained members and do \
    not cover what training again would change.</li>
    <li><b>A cascade</b> runs its members one after another until their combination is sure enough. Its \
    MACs and time are means over images: an image that reaches the last member costs as much as all members, and \
    all of them have to be stored.</li>
    <li><b>Time</b> of a single model is as measured for one image on the machine below. \(Self.ensembleTimes)</li>
    <li><b>Calibration error (ECE)</b> is the mean gap of confidence and accuracy over 15 bins of equal \
    width, or of equally many images (equal mass); the classwise error counts every class's probability. \
    <b>Its test</b> draws anew, 999 times, which predictions are right, with their confidences as the probabilities: \
    p is how often the ECE is then at least as great.</li>
    <li><b>Disagreement, double fault, Q and correlation</b> compare two members: which images they name \
    differently, and which both get wrong.</li>

    """
  }

  private static let measureNotes: HTML = """
    <li><b>Compute.</b> MACs are the multiply-accumulates of convolutions and linear layers for one \
    image; FLOPs = 2 × MACs. An ensemble costs the sum of its members.</li>
    <li><b>McNemar's test</b> asks whether, of the images that just one of the two gets right, each gets \
    about half. The p-values are not corrected for the number of comparisons.</li>
    <li><b>The verdict</b> is “better” or “worse” where the interval leaves out zero and McNemar's test \
    shows the same with p &lt; 0.05; “undecided” otherwise.</li>
    <li><b>NLL</b> is the mean negative log-likelihood, in nats. Lower is better for it, for ECE and for \
    the Brier score. A majority vote has no NLL: it gives a class without a vote no probability.</li>

    """

  private static let curveNotes: HTML = """
    <li><b>Where nothing is chosen</b>, a point is n members of a network: the mean over all subsets of n \
    of its trained members, or over a seeded sample of them where there are many. For n = 1, Top-1 is the \
    median member's, and NLL, ECE, Brier score and spread are over the members. The spread is over those \
    subsets, which share members: it is no interval for a new training. The interval of a comparison \
    comes from a paired bootstrap over the images: one made this way covers the difference over all \
    images of this kind in about 95 of 100 draws of images, for these same trained members. McNemar's \
    test there compares one ensemble (the first n members) with the larger network's member of median \
    accuracy (of an even number the upper of the middle two): “one pair”.</li>
    """
}
