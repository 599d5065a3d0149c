/// Brings one image after another to a network's size, reusing its memory. One thread uses one of them.
public final class ImagePreprocessor {
  /// What it does.
  public let preprocessing: Preprocessing
  private let reader = ImageReader()

  /// Prepares for `preprocessing`.
  ///
  /// - Throws: `DatasetError.invalidPreprocessing`.
  public init(_ preprocessing: Preprocessing) throws(DatasetError) {
    try preprocessing.validate()
    self.preprocessing = preprocessing
  }

  /// Decodes an image and brings it to the network's size.
  ///
  /// - Parameters:
  ///   - encoded: A JPEG or PNG file.
  ///   - name: What an error calls the image.
  ///   - target: Receives red, green and blue, `[3, height, width]`.
  /// - Throws: `DatasetError.unreadableImage`, or `.wrongImageSize` where the image must have the network's size and
  ///   has not. What `target` holds then is of no meaning.
  public func pixels(
    of encoded: UnsafeRawBufferPointer, name: String = "image",
    into target: UnsafeMutableBufferPointer<UInt8>
  ) throws(DatasetError) {
    let (height, width) = (preprocessing.height, preprocessing.width)
    precondition(target.count == 3 * height * width, "a byte a pixel and channel")
    do {
      _ = try reader.read(
        encoded, name: name,
        geometry: .evaluation(preprocessing.resizing, preprocessing.interpolation), height: height,
        width: width, into: target)
    } catch let failure as ImageDecoder.Failure {
      throw .unreadableImage(path: name, reason: failure.reason)
    } catch let error as DatasetError {
      throw error
    } catch {
      throw .unreadableImage(path: name, reason: "\(error)")
    }
  }
}
