import Files

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ObjectReader {
  /// The bytes of a file.
  ///
  /// - Throws: `ExperimentError.unreadable`.
  package static func contents(of path: String) throws -> Data {
    do {
      return try MappedFile(path: path).withBytes { Data($0) }
    } catch {
      throw ExperimentError.unreadable(file: path, reason: error.reason)
    }
  }

  /// Takes the object that is the whole file; `file` names it in errors.
  package init(json: Data, file: String) throws(ExperimentError) {
    let value: JSONValue
    do {
      value = try StrictJSON.decode(JSONValue.self, from: json)
    } catch let error as StrictJSON.KeyError {
      throw ExperimentError(error, file: file)
    } catch {
      throw .notJSON(file: file, reason: Self.reason(of: error))
    }
    try self.init(value, file: file, path: "")
  }

  private static func reason(of error: any Error) -> String {
    guard case DecodingError.dataCorrupted(let context)? = error as? DecodingError else {
      return "\(error)"
    }
    return context.underlyingError.map { "\($0)" } ?? context.debugDescription
  }
}
