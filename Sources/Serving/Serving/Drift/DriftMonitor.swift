import Ensembles
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Compares what a model answers with what its ensemble answered for the hold-out.
///
/// Images are counted in the order in which they came, in blocks that are compared once all their requests have ended: those that stop
/// early are answered first, and of a burst the first answers are no fair sample. A block beside which a
/// member was lost or an answer came too late is left out whole, because what is missing in it is not missing by chance.
final class DriftMonitor: Sendable {
  /// Where a request's images are counted.
  struct Ticket: Sendable {
    fileprivate let block: Int
  }

  /// The fewest images of a block.
  static let blockImages = 64

  /// The largest hold-out that is believed: counts of it add up without overflow.
  private static let mostImages = 1 << 40

  private struct Block {
    var arrived = 0
    var requests = 0
    var isSpoilt = false
    /// Images that were answered and are not in `counts`.
    var omittedImages = 0
    var counts: TrafficCounts

    var isComplete: Bool { requests == 0 && arrived >= DriftMonitor.blockImages }
  }

  private struct State {
    var detector: DriftDetector
    /// Of which requests are under way, or which are not full; the earliest first.
    var blocks: [Block] = []
    /// The number of the first of them.
    var first = 0
    var omittedImages = 0
  }

  private let bounds: [Double]
  private let zero: TrafficCounts
  private let state: Mutex<State>

  /// - Parameters:
  ///   - expected: What was measured; nil, or counts that do not add up, give no monitor.
  ///   - members: How many the ensemble has.
  init?(_ expected: ExpectedService?, members: Int) {
    guard let expected, Self.isUsable(expected, members) else { return nil }
    bounds = expected.answers.confidenceBounds
    let detector = DriftDetector(images: expected.images, expected.answers)
    zero = detector.expected.zero
    state = Mutex(State(detector: detector))
  }

  private static func isUsable(_ expected: ExpectedService, _ members: Int) -> Bool {
    let answers = expected.answers
    let counts = (answers.exits ?? []) + answers.confidences + [answers.disagreements]
    return (1...mostImages).contains(expected.images)
      && answers.exits?.count ?? members == members
      && answers.confidences.count == answers.confidenceBounds.count + 1
      && counts.allSatisfy { (0...expected.images).contains($0) }
      && answers.confidences.reduce(0, +) == expected.images
      && answers.exits?.reduce(0, +) ?? expected.images == expected.images
  }

  /// Takes in a request that all members are to answer, before it is computed; `finish` or `leave` ends that.
  func enter(images: Int) -> Ticket {
    state.withLock { state in
      if state.blocks.last.map({ $0.arrived >= Self.blockImages }) ?? true {
        state.blocks.append(Block(counts: zero))
      }
      let last = state.blocks.count - 1
      state.blocks[last].arrived += images
      state.blocks[last].requests += 1
      return Ticket(block: state.first + last)
    }
  }

  /// Counts an answer.
  func finish(_ ticket: Ticket, with answer: EnsembleAnswer) {
    guard answer.degraded.isEmpty else { return end(ticket, omitting: answer.count) }
    var counts = zero
    counts.add(answer, bounds: bounds)
    end(ticket, with: counts)
  }

  /// Counts that there was no answer.
  func leave(_ ticket: Ticket, because error: ProtocolError) {
    switch error {
    case .membersLost, .deadlineExceeded, .internalFault: end(ticket, omitting: 0)
    default: end(ticket, with: zero)
    }
  }

  func end(_ ticket: Ticket, with counts: TrafficCounts) {
    end(ticket) { $0.counts.add(counts) }
  }

  private func end(_ ticket: Ticket, omitting images: Int) {
    end(ticket) { block in
      block.isSpoilt = true
      block.omittedImages += images
    }
  }

  private func end(_ ticket: Ticket, _ change: (inout Block) -> Void) {
    state.withLock { state in
      let place = ticket.block - state.first
      state.blocks[place].requests -= 1
      change(&state.blocks[place])
      while let block = state.blocks.first, block.isComplete {
        state.blocks.removeFirst()
        state.first += 1
        if block.isSpoilt {
          state.omittedImages += block.omittedImages + block.counts.images
        } else {
          state.detector.add(block.counts, at: Date().timeIntervalSince1970)
        }
      }
    }
  }

  /// What is known by now.
  var report: DriftReport {
    state.withLock { DriftReport($0.detector, omittedImages: $0.omittedImages) }
  }
}
