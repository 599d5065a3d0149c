/// What is wrong with a tar shard, or with a file in it.
public enum ShardProblem: Hashable, Sendable, CustomStringConvertible {
  /// The archive ends within a file or before its end mark.
  case cutShort(byte: Int)
  /// A header's checksum does not fit the header.
  case wrongChecksum(byte: Int)
  /// A header's size is no number, negative, or too large.
  case invalidSize(byte: Int)
  /// A header that gives the next file a long name or other attributes is not well-formed.
  case invalidAttributes(byte: Int)
  /// An image is stored as a link or with holes.
  case notARegularFile
  /// Two files have one name.
  case duplicate
  /// An image has no label beside it, and no folder of a class around it.
  case noLabel
  /// A label has no image.
  case noImage
  /// A label is not a whole number.
  case labelNotANumber
  /// A label is not below the number of classes.
  case labelOutOfRange(label: Int, classCount: Int)
  /// The shard holds no image.
  case empty
  /// The file is compressed, or an archive of another kind; `tool` unpacks it.
  case compressed(tool: String)
  /// The label is in a file of another kind.
  case otherLabel(file: String)

  /// What is wrong, and the fix.
  public var description: String {
    switch self {
    case .cutShort(let byte):
      "it ends too early, at byte \(byte); fetch or write it again"
    case .wrongChecksum(let byte):
      "the header at byte \(byte) is damaged (its checksum is wrong), or this is not a tar archive; fetch or write it again"
    case .invalidSize(let byte):
      "the header at byte \(byte) gives an impossible size; fetch or write the shard again"
    case .invalidAttributes(let byte):
      "the long name or attributes at byte \(byte) are damaged; fetch or write the shard again"
    case .notARegularFile:
      "it is a link or stored with holes; write the shard with whole files"
    case .duplicate:
      "there is another of that name before it; write the shard without one of them"
    case .noLabel:
      "the image has neither a label (KEY.cls) nor a folder of a class; add one or leave the image out"
    case .noImage:
      "the label has no image (KEY.jpg, .jpeg or .png); add it or leave the label out"
    case .labelNotANumber:
      "the label is neither a whole number nor a class's name; write one"
    case .compressed(let tool):
      "it is compressed, and shards are read in place; unpack it with `\(tool)` and give what comes out"
    case .otherLabel(let file):
      "its label is not in KEY.cls but perhaps in '\(file)', which may say anything; write the class into KEY.cls, as a "
        + "number from 0 or a name"
    case .labelOutOfRange(let label, let classCount):
      label < 0
        ? "the label \(label) is below 0; leave images without a label out"
        : "the label \(label) is not below \(classCount), the number of classes; correct the label or the list of classes"
    case .empty:
      "it holds no image; remove it"
    }
  }
}
