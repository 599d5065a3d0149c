/// Arguments that make no sense. The program ends with status 2 and a hint at the help.
public struct UsageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, in one sentence.
  public let message: String

  /// - Parameter message: What is wrong with the arguments and what to type, in one sentence without a full stop.
  public init(_ message: String) {
    self.message = message
  }

  /// The message, as it is printed.
  public var description: String { message }
}

/// A failure that ends the program with a status of its own, so that a script can distinguish it.
public protocol ExitStatusError: Error {
  /// Neither 0, nor 1, which stands for any failure, nor 2, which stands for arguments that make no sense.
  var exitStatus: Int32 { get }
}
