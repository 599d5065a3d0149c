/// What is wrong with one tensor of a request.
package enum TensorFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// A dimension below 0.
  case negativeDimension(Int)
  /// More dimensions than any tensor has.
  case tooManyDimensions(limit: Int)
  /// The product of the dimensions, or the bytes that they take, overflows.
  case tooManyElements
  /// No type of the protocol.
  case unknownType(String)
  /// The type has no form in JSON.
  case noJSONForm(ElementType)
  /// It has neither `data` nor `binary_data_size`.
  case noData
  /// It has both.
  case dataTwice
  /// Its bytes are not as many as its shape and type take.
  case wrongByteCount(expected: Int, found: Int)
  /// It does not have as many elements as its shape; nil where there are more, or fewer than could be there.
  case wrongElementCount(expected: Int, found: Int?)
  /// The nesting of `data` is not that of the shape.
  case wrongNesting(TensorShape)
  /// The element is no value of the type.
  case notOfType(ElementType, index: Int)
  /// The number is beyond the type.
  case outOfRange(ElementType, index: Int)
  /// The element's length reaches beyond the data.
  case truncatedElement(index: Int)
  /// The element is not base64.
  case badBase64(index: Int)
  /// The body ends before the tensor does.
  case tooFewBytes(needed: Int, left: Int)
  /// The model takes other dimensions.
  case wrongShape(TensorShape, expected: [Int])
  /// The model takes another type.
  case wrongType(ElementType, expected: [ElementType])
  /// The element is NaN or infinite.
  case notFinite(index: Int)
  /// The element is not an image that can be read.
  case badImage(index: Int, reason: String)
  /// More images than a request may have.
  case tooManyImages(Int, limit: Int)
  /// Another tensor of the same name stands before it.
  case repeated
  /// The tensor is none of the model.
  case unknown(known: [String])

  /// What is wrong, and the fix; without the tensor's name.
  package var description: String {
    switch self {
    case .negativeDimension(let dimension):
      "the dimension \(dimension) is negative; give the lengths of the data that is sent"
    case .tooManyDimensions(let limit): "more than \(limit) dimensions"
    case .tooManyElements: "the product of its dimensions is too large; give those of the data"
    case .unknownType(let text):
      "unknown datatype '\(text.shortened)'; use one of "
        + ElementType.allCases.map(\.rawValue).joined(separator: ", ")
    case .noJSONForm(let type):
      "\(type.rawValue) has no form in JSON; use binary data, or FP32"
    case .noData: "no data; give 'data', or 'binary_data_size' and bytes after the JSON"
    case .dataTwice: "both 'data' and 'binary_data_size'; leave one of them out"
    case .wrongByteCount(let expected, let found):
      "\(found) bytes, where its shape and datatype take \(expected)"
    case .wrongElementCount(let expected, let found):
      "\(found.map { "\($0)" } ?? "another number of") elements, where its shape has \(expected)"
    case .wrongNesting(let shape):
      "its lists are not nested as its shape \(shape) says; nest them alike, or give one flat list"
    case .notOfType(let type, let index):
      "element \(index) is no \(type.jsonName)"
    case .outOfRange(let type, let index):
      "element \(index) is beyond what \(type.rawValue) holds"
    case .truncatedElement(let index):
      "element \(index) ends after the data; put its length, 4 bytes little-endian, before it"
    case .badBase64(let index):
      "element \(index) is not base64; encode it, or leave content_type 'base64' out"
    case .tooFewBytes(let needed, let left):
      "\(needed) bytes by its 'binary_data_size', where \(left) are left in the body"
    case .wrongShape(let shape, let expected):
      "shape \(shape), where the model takes \(expected)"
    case .wrongType(let type, let expected):
      "datatype \(type.rawValue), where the model takes "
        + expected.map(\.rawValue).joined(separator: " or ")
    case .notFinite(let index): "element \(index) is NaN or infinite"
    case .tooManyImages(let count, let limit):
      "\(count) images, of which a request may have \(limit); send several requests"
    case .badImage(let index, let reason): "image \(index): \(reason)"
    case .repeated: "it stands twice; leave one of them out"
    case .unknown(let known): "the model has none of this name, but \(known.asList)"
    }
  }
}

extension ElementType {
  /// What its elements are in JSON.
  fileprivate var jsonName: String {
    switch self {
    case .bool: "true or false"
    case .bytes: "string"
    case .float16, .bfloat16, .float32, .float64: "number"
    default: "integer"
    }
  }
}

extension String {
  /// The text as it stands in a message: what others send may be long, and hold control characters.
  var shortened: String {
    let shown = unicodeScalars.prefix(64).map {
      $0.properties.generalCategory == .control ? " " : String($0)
    }
    return shown.joined() + (unicodeScalars.count > 64 ? "…" : "")
  }
}

extension [String] {
  /// Such as "'a', 'b'".
  var asList: String { map { "'\($0)'" }.joined(separator: ", ") }
}
