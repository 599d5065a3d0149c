import COpenVINO

/// A handle that OpenVINO hands over, to be freed once.
protocol ForeignHandle {
  /// Nothing yet.
  init()
  init(address: UInt)
  var address: UInt { get }
  static func free(_ handle: Self)
}

extension co_core: ForeignHandle {
  init(address: UInt) { self.init(pointer: UnsafeMutableRawPointer(bitPattern: address)) }
  var address: UInt { UInt(bitPattern: pointer) }
  static func free(_ handle: co_core) { co_core_free(handle) }
}

extension co_model: ForeignHandle {
  init(address: UInt) { self.init(pointer: UnsafeMutableRawPointer(bitPattern: address)) }
  var address: UInt { UInt(bitPattern: pointer) }
  static func free(_ handle: co_model) { co_model_free(handle) }
}

extension co_compiled: ForeignHandle {
  init(address: UInt) { self.init(pointer: UnsafeMutableRawPointer(bitPattern: address)) }
  var address: UInt { UInt(bitPattern: pointer) }
  static func free(_ handle: co_compiled) { co_compiled_free(handle) }
}

extension co_request: ForeignHandle {
  init(address: UInt) { self.init(pointer: UnsafeMutableRawPointer(bitPattern: address)) }
  var address: UInt { UInt(bitPattern: pointer) }
  static func free(_ handle: co_request) { co_request_free(handle) }
}

/// Owns a handle. OpenVINO's cores and compiled models may be used by several threads at once; models may because
/// nothing here changes one that is shared; requests stay within one session.
final class OpenVINOHandle<Handle: ForeignHandle>: Sendable {
  // The address as an integer, because it never changes and pointers are not Sendable.
  private let address: UInt

  /// Takes over what `make` writes.
  ///
  /// - Throws: `EngineFailure` with what OpenVINO says.
  init(_ make: (UnsafeMutablePointer<Handle>) -> co_status) throws(EngineFailure) {
    var handle = Handle()
    try EngineFailure.check(make(&handle))
    address = handle.address
  }

  deinit { Handle.free(handle) }

  /// The handle, which is valid as long as this object lives.
  var handle: Handle { Handle(address: address) }
}

/// What OpenVINO said about something that failed.
struct EngineFailure: Error {
  let reason: String

  static func check(_ status: co_status) throws(EngineFailure) {
    guard status != CO_OK else { return }
    throw EngineFailure(reason: reason(in: String(cString: co_last_error())))
  }

  /// The sentence within OpenVINO's report, which has the places in its own sources around it.
  static func reason(in report: String) -> String {
    let lines = report.split(whereSeparator: \.isNewline).map { line in
      line.drop(while: { $0 == " " || $0 == "\t" })
    }
    let sentences = lines.filter { line in
      !line.isEmpty && !line.hasPrefix("Exception from ") && !line.hasPrefix("Check '")
    }
    let text = (sentences.isEmpty ? lines : sentences).joined(separator: " ")
    let limit = 300
    return text.count > limit ? text.prefix(limit) + "..." : text
  }
}

/// The engine of this process.
enum Engine {
  private static let shared = Result<OpenVINOHandle<co_core>, EngineFailure> {
    () throws(EngineFailure) in
    try OpenVINOHandle(co_core_create)
  }

  /// The one core, created at its first use.
  static func core() throws(InferenceError) -> OpenVINOHandle<co_core> {
    switch shared {
    case .success(let core): return core
    case .failure(let failure): throw .engineUnusable(reason: failure.reason)
    }
  }
}

/// What computes the models.
public enum InferenceEngine {
  /// OpenVINO's version and build.
  public static var version: String { "OpenVINO " + String(cString: co_version()) }
}
