/// Which members have said something of each image of a request, which of them it goes without, and after which it stopped.
struct JobProgress: Sendable {
  /// Images that go without the same members.
  struct Group: Hashable, Sendable {
    /// The members that are lost, ascending; none for images that lack none.
    let missing: [Int]
    let rows: [Int]
  }

  /// How many members may run.
  let members: Int
  /// Whether members run one after another: what is awaited are images, and otherwise each member's of each image.
  let isStaged: Bool
  /// `[N]`: after which member, from 0, each image stopped; after the last where members run side by side.
  private(set) var exits: [Int]
  /// How many of the results are still to come.
  private(set) var pending: Int
  /// `[N, members]`
  private var ran: [Bool]
  /// Of the images that lack members, these, ascending.
  private var missing: [Int: [Int]] = [:]

  init(count: Int, members: Int, isStaged: Bool) {
    self.members = members
    self.isStaged = isStaged
    exits = [Int](repeating: members - 1, count: count)
    pending = isStaged ? count : count * members
    ran = [Bool](repeating: false, count: count * members)
  }

  /// Whether a member has said something of an image.
  func hasRun(_ member: Int, on row: Int) -> Bool { ran[row * members + member] }

  /// How many images a member has said something of.
  func images(of member: Int) -> Int { exits.indices.count { hasRun(member, on: $0) } }

  /// The last member that has said something of an image; nil before one has.
  func lastRun(on row: Int) -> Int? { (0..<members).last { hasRun($0, on: row) } }

  /// The members that an image goes without.
  func missing(of row: Int) -> [Int] { missing[row] ?? [] }

  /// Takes that a member has said something of some images.
  ///
  /// - Returns: Those of which it has not before, and which have not gone on without it.
  mutating func receive(_ rows: [Int], from member: Int) -> [Int] {
    let new = rows.filter { isOpen(member, $0) }
    for row in new { ran[row * members + member] = true }
    if !isStaged { pending -= new.count }
    return new
  }

  /// Takes that some images go on without a member.
  ///
  /// - Returns: Those that have not had it, and have not lost it before.
  mutating func lose(_ rows: [Int], of member: Int) -> [Int] {
    let new = rows.filter { isOpen(member, $0) }
    for row in new { missing[row] = (missing(of: row) + [member]).sorted() }
    if !isStaged { pending -= new.count }
    return new
  }

  private func isOpen(_ member: Int, _ row: Int) -> Bool {
    !hasRun(member, on: row) && !missing(of: row).contains(member)
  }

  /// Lets an image of a cascade stop.
  mutating func stop(_ row: Int, after member: Int) {
    exits[row] = member
    pending -= 1
  }

  /// Images by what they lack: first those that lack nothing, if there are any.
  func groups(of rows: [Int]) -> [Group] {
    guard !missing.isEmpty else { return [Group(missing: [], rows: rows)] }
    return Dictionary(grouping: rows, by: missing(of:))
      .map { Group(missing: $0, rows: $1) }
      .sorted { $0.missing.lexicographicallyPrecedes($1.missing) }
  }
}
