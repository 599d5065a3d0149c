import Testing

@testable import Serving

@Suite struct JobProgressTests {
  @Test func awaitsEachMemberOfEachImage() {
    var progress = JobProgress(count: 2, members: 2, isStaged: false)
    #expect(progress.pending == 4)
    #expect(progress.receive([0, 1], from: 1) == [0, 1])
    #expect(progress.lose([1], of: 0) == [1])
    #expect(progress.pending == 1)
    #expect(progress.receive([0], from: 0) == [0])
    #expect(progress.pending == 0)
    #expect(progress.exits == [1, 1])
    #expect(progress.images(of: 0) == 1)
    #expect(progress.lastRun(on: 1) == 1)
    #expect(progress.missing(of: 1) == [0])
    #expect(progress.missing(of: 0) == [])
  }

  @Test func anImageHasAMemberOrLosesItOnce() {
    var progress = JobProgress(count: 2, members: 2, isStaged: false)
    #expect(progress.receive([0], from: 0) == [0])
    #expect(progress.receive([0, 1], from: 0) == [1])
    #expect(progress.lose([0, 1], of: 0) == [])
    #expect(progress.lose([0], of: 1) == [0])
    // It comes late: the image has gone on without.
    #expect(progress.receive([0], from: 1) == [])
    #expect(progress.lose([0], of: 1) == [])
    #expect(progress.pending == 1)
    #expect(!progress.hasRun(1, on: 0))
  }

  @Test func awaitsTheImagesOfACascade() {
    var progress = JobProgress(count: 3, members: 3, isStaged: true)
    #expect(progress.pending == 3)
    _ = progress.receive([0, 1, 2], from: 0)
    progress.stop(1, after: 0)
    #expect(progress.lose([0], of: 1) == [0])
    _ = progress.receive([2], from: 1)
    #expect(progress.pending == 2)
    progress.stop(0, after: 2)
    progress.stop(2, after: 1)
    #expect(progress.pending == 0)
    #expect(progress.exits == [2, 0, 1])
    #expect(progress.lastRun(on: 0) == 0)
  }

  @Test func groupsImagesByWhatTheyLack() {
    var progress = JobProgress(count: 5, members: 3, isStaged: false)
    #expect(progress.groups(of: [3, 1]) == [.init(missing: [], rows: [3, 1])])
    _ = progress.lose([1, 3], of: 2)
    _ = progress.lose([4, 3], of: 0)
    #expect(
      progress.groups(of: [0, 1, 2, 3, 4]) == [
        .init(missing: [], rows: [0, 2]), .init(missing: [0], rows: [4]),
        .init(missing: [0, 2], rows: [3]), .init(missing: [2], rows: [1]),
      ])
  }
}
