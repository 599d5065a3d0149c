import Testing

@testable import consort_train

@Suite struct ScheduleTests {
  @Test(
    arguments: [
      // members, processors, jobs given, threads given, then jobs and threads expected.
      ([8, 2], nil, nil, [2, 1]), ([1, 4], nil, nil, [1, 4]), ([2, 8], nil, nil, [2, 4]),
      ([8, 4], 2, nil, [2, 2]), ([8, 4], nil, 4, [1, 4]), ([8, 4], nil, 1, [4, 1]),
      ([8, 4], 3, 3, [3, 3]), ([8, 2], nil, 16, [1, 16]), ([0, 2], nil, nil, [1, 2]),
    ] as [([Int], Int?, Int?, [Int])])
  func fillsTheProcessors(machine: [Int], jobs: Int?, threads: Int?, expected: [Int]) {
    let schedule = Schedule(
      members: machine[0], processors: machine[1], gpus: 0, jobs: jobs, threads: threads)
    #expect([schedule.jobs, schedule.threads] == expected)
  }

  @Test(arguments: [(8, 1, [4, 4]), (8, 2, [8, 2]), (2, 1, [2, 8])])
  func membersShareGPUs(members: Int, gpus: Int, expected: [Int]) {
    let schedule = Schedule(members: members, processors: 16, gpus: gpus, jobs: nil, threads: nil)
    #expect([schedule.jobs, schedule.threads] == expected)
  }
}
