/// What a column's name says that it holds, where it is none of a class.
enum ColumnRole: Hashable {
  /// The images' classes.
  case label
  /// A word that some use for the images' classes and others for the predicted ones.
  case doubtfulLabel
  /// What identifies the images.
  case identifier
  /// The rows' numbers, or nothing.
  case index
  /// Something else about the image or its prediction.
  case other

  /// The name that says for certain that a column holds labels.
  static let labelName = "label"
  /// The name that says for certain that a column holds the images' ids.
  static let identifierName = "id"

  private static let names: [ColumnRole: Set<String>] = [
    .label: [
      "label", "labels", "target", "targets", "y", "ytrue", "true", "truth", "gt", "groundtruth",
      "actual", "truelabel", "trueclass", "classlabel", "labelid", "labelidx", "labelindex",
      "targetid", "classid", "classidx", "classindex", "truelabels",
    ],
    .doubtfulLabel: ["class", "classes", "category", "classname", "labelname", "species"],
    .identifier: [
      "id", "ids", "imageid", "imgid", "image", "images", "img", "imagename", "imagepath",
      "filename",
      "filenames", "file", "files", "filepath", "path", "paths", "name", "key", "uuid", "guid",
      "sampleid",
      "uid", "url",
    ],
    .index: [
      "", "index", "idx", "row", "rows", "rownames", "rowname", "rowid", "rownumber",
      "x1", "nr",
    ],
    .other: [
      "pred", "preds", "prediction", "predictions", "predicted", "predictedlabel", "predictedclass",
      "predlabel", "predclass", "ypred", "yhat", "argmax", "top1", "top5", "guess", "correct",
      "iscorrect", "confidence", "conf", "score", "scores", "prob", "probs", "probability",
      "maxprob", "maxprobability", "pmax",
      "loss", "entropy", "margin", "nll", "crossentropy", "time", "latency", "split", "fold",
      "subset",
      "partition", "phase", "weight", "weights", "sampleweight", "seed", "epoch", "batch", "model",
      "width", "height", "size", "timestamp",
    ],
  ]

  /// What the name says; nil for a name that may be a class's.
  init?(name: String) {
    let letters = String(name.lowercased().filter { $0.isLetter || $0.isNumber })
    // What R and pandas call a column without a name.
    if name == "X" || name.hasPrefix("...") || letters.hasPrefix("unnamed") {
      self = .index
      return
    }
    // A name of signs alone is a name.
    guard !letters.isEmpty || name.allSatisfy({ !$0.isLetter && $0.isWhitespace }) || name.isEmpty,
      let role = Self.names.first(where: { $0.value.contains(letters) })?.key
    else { return nil }
    self = role
  }
}
