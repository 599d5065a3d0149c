#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A thread of its own for long work, which a shared pool must not be kept from.
package struct WorkerThread {
  /// The system has no thread to give.
  package struct StartError: Error {
    /// The system's error number.
    package let number: Int32
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private let thread: pthread_t

  /// Calls `body` on a new thread, which ends with it: `join()` or `detach()` it once.
  package init(_ body: @escaping @Sendable () -> Void) throws(StartError) {
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let work = Unmanaged.passRetained(Work(body))
    let status = pthread_create(&thread, nil, Self.start, work.toOpaque())
    #if canImport(Darwin)
      guard status == 0, let thread else {
        work.release()
        throw StartError(number: status)
      }
    #else
      guard status == 0 else {
        work.release()
        throw StartError(number: status)
      }
    #endif
    self.thread = thread
  }

  /// Waits until the thread has ended.
  package func join() { pthread_join(thread, nil) }

  /// Lets the thread end by itself.
  package func detach() { pthread_detach(thread) }

  /// Calls `body` on `count` threads at once, one of them the caller's, with their numbers from 0, and returns when all
  /// are done. Where the system has fewer threads, `body` is called with fewer numbers, at least with 0.
  package static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    var threads: [WorkerThread] = []
    for number in 1..<max(1, count) {
      guard let thread = try? WorkerThread({ body(number) }) else { break }
      threads.append(thread)
    }
    body(0)
    for thread in threads { thread.join() }
  }

  #if canImport(Darwin)
    private static let start: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? =
      {
        Unmanaged<Work>.fromOpaque($0).takeRetainedValue().body()
        return nil
      }
  #else
    private static let start:
      @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        if let work = $0 { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
        return nil
      }
  #endif
}
