import Datasets

/// Decodes images for the members that take them alike.
struct DecodingRunner: BatchRunner {
  private let preprocessing: Preprocessing
  /// The members' place among the groups of the ensemble.
  private let group: Int
  /// More pixels than this are not decoded.
  private let mostPixels: Int

  let batchSizes = [1]

  init(_ preprocessing: Preprocessing, group: Int, mostPixels: Int) {
    self.mostPixels = mostPixels
    self.preprocessing = preprocessing
    self.group = group
  }

  func run(_ rows: [WaitingRow], isAlone: Bool) {
    for row in rows where !row.job.isFinished {
      let start = ContinuousClock.now
      row.job.noteStart(at: start)
      do throws(DatasetError) {
        row.job.receive(
          try row.job.withEncodedImage(row.row) { (bytes) throws(DatasetError) in
            try preprocessing.pixels(of: bytes, mostPixels: mostPixels)
          }, of: row.row, for: group, since: start)
      } catch .unreadableImage(_, let reason) {
        let hint =
          row.job.withEncodedImage(row.row, Self.isBase64)
          ? "; it is base64: say so, with the parameter content_type 'base64'" : ""
        row.job.fail(unreadableImage: row.row, reason: reason + hint)
      } catch .wrongImageSize(_, let width, let height, let wantedWidth, let wantedHeight) {
        row.job.fail(
          unreadableImage: row.row,
          reason: "it has \(width) x \(height) pixels, and the model takes images of "
            + "\(wantedWidth) x \(wantedHeight) only")
      } catch {
        row.job.fail(unreadableImage: row.row, reason: "\(error)")
      }
    }
  }

  /// Whether a file begins as JPEG and PNG files do in base64.
  private static func isBase64(_ bytes: UnsafeRawBufferPointer) -> Bool {
    ["/9j/", "iVBORw0KGgo"].contains { bytes.starts(with: $0.utf8) }
  }
}
