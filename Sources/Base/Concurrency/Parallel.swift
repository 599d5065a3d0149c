import Dispatch
import Synchronization

/// Calls `body(0)`, `body(1)`, ... `body(count - 1)` on all cores, and returns when all calls are done.
///
/// - Throws: What was thrown first. It keeps no other call from being made.
package func parallelFor<Failure: Error>(
  _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Void
) throws(Failure) {
  let failure = Mutex<Failure?>(nil)
  DispatchQueue.concurrentPerform(iterations: count) { index in
    do throws(Failure) { try body(index) } catch { failure.withLock { $0 = $0 ?? error } }
  }
  if let error = failure.withLock({ $0 }) { throw error }
}

/// Returns `body(0)`, `body(1)`, ... `body(count - 1)`, in order, computed on all cores.
///
/// - Throws: The error of the lowest index that threw, so that it is the same in every run.
package func parallelMap<Element: Sendable, Failure: Error>(
  _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Element
) throws(Failure) -> [Element] {
  var results = [Result<Element, Failure>?](repeating: nil, count: count)
  results.withUnsafeMutableBufferPointer { buffer in
    // Each iteration writes the one element of its index, and the buffer outlives the call.
    nonisolated(unsafe) let slots = buffer
    DispatchQueue.concurrentPerform(iterations: count) { index in
      do throws(Failure) {
        slots[index] = .success(try body(index))
      } catch {
        slots[index] = .failure(error)
      }
    }
  }
  var elements: [Element] = []
  elements.reserveCapacity(count)
  for result in results {
    if let result { elements.append(try result.get()) }
  }
  return elements
}
