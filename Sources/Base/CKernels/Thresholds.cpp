#include <math.h>
#include <string.h>

#include <algorithm>

#include "CKernels.h"

// The thresholds of a cascade of up to three stages that are best for several goals, found exactly in one sweep: images pass
// the first stage one after another, the least sure first, and those that did are kept in the order of how sure the second is.
//
// Between two levels of the first threshold the hits that can be had within a cost grow by no more than the images that
// passed and can gain by it: the same second threshold is within the cost at the earlier level too. So a goal that misses its
// best by d is not looked at again before d such images have passed.

namespace {

/// How often it is looked for plans before all levels of the first threshold are.
constexpr int64_t first_looks = 64;

/// Levels of a block, and blocks of a group.
constexpr int64_t fan = 32;

struct Level {
  /// What its images gain by going on, and how many have come.
  int32_t gain, count;
};

struct Range {
  int64_t gain, count;
  /// The greatest gain of its first parts, at least one.
  int64_t best;
  bool is_stale;
};

/// What can be gained within some number of images, at all and where enough images or none go on.
struct Reach {
  int64_t gain, gain_of_enough;
};

/// Images that passed the first stage, by how sure the second is of them.
class Passed {
 public:
  Passed(void *scratch, int64_t levels)
      : level_count_(levels),
        block_count_(parts(levels)),
        group_count_(parts(block_count_)),
        groups_(static_cast<Range *>(scratch)),
        blocks_(groups_ + group_count_),
        levels_(reinterpret_cast<Level *>(blocks_ + block_count_)) {
    memset(scratch, 0, bytes(levels));
  }

  static size_t bytes(int64_t levels) {
    const int64_t blocks = parts(levels), groups = parts(blocks);
    return static_cast<size_t>(groups + blocks) * sizeof(Range) + static_cast<size_t>(levels) * sizeof(Level);
  }

  void add(int64_t level, int32_t gain) {
    Range &block = blocks_[level / fan], &group = groups_[level / (fan * fan)];
    levels_[level].count += 1;
    block.count += 1;
    group.count += 1;
    // What gains nothing changes no sum.
    if (gain == 0) return;
    levels_[level].gain += gain;
    block.gain += gain;
    group.gain += gain;
    block.is_stale = true;
    group.is_stale = true;
  }

  /// The greatest gain of the first levels that hold no more than `most` images.
  Reach reach(int64_t most, int64_t fewest) {
    Reach found = {0, 0};
    int64_t gain = 0, count = 0;
    // Takes a range as a whole, if that is possible.
    const auto takes = [&](const Range &range) {
      const bool is_enough = count >= fewest;
      if (count + range.count > most || !(is_enough || count + range.count < fewest)) return false;
      found.gain = std::max(found.gain, gain + range.best);
      if (is_enough) found.gain_of_enough = std::max(found.gain_of_enough, gain + range.best);
      gain += range.gain;
      count += range.count;
      return true;
    };
    for (int64_t group = 0; group < group_count_; ++group) {
      if (takes(current_group(group))) continue;
      for (int64_t block = group * fan; block < end(group, block_count_); ++block) {
        if (takes(current_block(block))) continue;
        for (int64_t level = block * fan; level < end(block, level_count_); ++level) {
          if (count + levels_[level].count > most) return found;
          gain += levels_[level].gain;
          count += levels_[level].count;
          found.gain = std::max(found.gain, gain);
          if (count >= fewest) found.gain_of_enough = std::max(found.gain_of_enough, gain);
        }
      }
    }
    return found;
  }

  /// The fewest first levels that gain as much and hold enough images, with how many they hold.
  void shortest(int64_t wanted, int64_t fewest, int64_t *levels, int64_t *images) {
    *levels = 0;
    *images = 0;
    if (wanted <= 0) return;
    int64_t gain = 0, count = 0;
    const auto passes = [&](const Range &range) {
      if (gain + range.best >= wanted && count + range.count >= fewest) return false;
      gain += range.gain;
      count += range.count;
      return true;
    };
    for (int64_t group = 0; group < group_count_; ++group) {
      if (passes(current_group(group))) continue;
      for (int64_t block = group * fan; block < end(group, block_count_); ++block) {
        if (passes(current_block(block))) continue;
        for (int64_t level = block * fan; level < end(block, level_count_); ++level) {
          gain += levels_[level].gain;
          count += levels_[level].count;
          if (gain < wanted || count < fewest) continue;
          *levels = level + 1;
          *images = count;
          return;
        }
      }
    }
  }

 private:
  static int64_t parts(int64_t count) { return (count + fan - 1) / fan; }
  static int64_t end(int64_t part, int64_t count) { return std::min((part + 1) * fan, count); }

  const Range &current_block(int64_t place) {
    Range &block = blocks_[place];
    if (!block.is_stale) return block;
    block.is_stale = false;
    int64_t gain = 0;
    block.best = INT64_MIN;
    for (int64_t level = place * fan; level < end(place, level_count_); ++level) {
      gain += levels_[level].gain;
      block.best = std::max(block.best, gain);
    }
    return block;
  }

  const Range &current_group(int64_t place) {
    Range &group = groups_[place];
    if (!group.is_stale) return group;
    group.is_stale = false;
    int64_t gain = 0;
    group.best = INT64_MIN;
    for (int64_t block = place * fan; block < end(place, block_count_); ++block) {
      group.best = std::max(group.best, gain + current_block(block).best);
      gain += blocks_[block].gain;
    }
    return group;
  }

  int64_t level_count_, block_count_, group_count_;
  Range *groups_, *blocks_;
  Level *levels_;
};

/// One goal, while images pass.
struct Search {
  consort_threshold_goal *goal;
  bool is_over;
  /// How many images have to have passed that can gain by it before a better plan is possible.
  int64_t next;
  /// What some plan is known to reach: so many hits, or so low a cost.
  int64_t known_hits;
  double known_cost;
};

class Sweep {
 public:
  Sweep(const consort_cascade &cascade, void *scratch, Search *searches, int64_t search_count)
      : cascade_(cascade),
        searches_(searches),
        search_count_(search_count),
        passed_(scratch, cascade.stages > 2 ? cascade.second_levels : 0) {
    for (int64_t image = 0; image < cascade.images; ++image) hits_ += cascade.right[0][image];
  }

  /// Looks for better plans whenever some are possible, but not before so many further images have passed.
  void run(int64_t step) {
    const int64_t images = cascade_.stages > 1 ? cascade_.images : 0;
    int64_t next = step;
    if (!look()) return;
    while (passing_ < images) {
      const int32_t level = cascade_.first_rank[cascade_.first_order[passing_]];
      do {
        pass(cascade_.first_order[passing_]);
        passing_ += 1;
      } while (passing_ < images && cascade_.first_rank[cascade_.first_order[passing_]] == level);
      if (passing_ < cascade_.fewest || passing_ < next || passing_can_gain_ < next_) continue;
      if (!look()) return;
      next = passing_ + step;
    }
  }

 private:
  void pass(int32_t image) {
    const int32_t first = cascade_.right[0][image], second = cascade_.right[1][image];
    hits_ += second - first;
    int32_t can_gain = second;
    if (cascade_.stages > 2) {
      const int32_t third = cascade_.right[2][image];
      passed_.add(cascade_.second_rank[image], third - second);
      can_gain |= third;
    }
    passing_can_gain_ += can_gain > first ? 1 : 0;
  }

  /// Looks for better plans where some are possible. Returns whether later ones may be better still.
  bool look() {
    next_ = INT64_MAX;
    for (int64_t i = 0; i < search_count_; ++i) {
      Search &search = searches_[i];
      if (search.is_over) continue;
      if (search.next <= passing_can_gain_) {
        if (search.goal->least_hits < 0) {
          look_within_cost(search);
        } else {
          look_for_hits(search);
        }
      }
      if (!search.is_over) next_ = std::min(next_, search.next);
    }
    return next_ < INT64_MAX;
  }

  void look_within_cost(Search &search) {
    consort_threshold_goal &goal = *search.goal;
    const int64_t most = most_going_on(goal.budget, false);
    if (most < 0) {
      search.is_over = true;
      return;
    }
    const Reach reach = passed_.reach(most, cascade_.fewest);
    const auto wanted = [&] { return goal.is_found ? goal.hits : search.known_hits; };
    if (hits_ + reach.gain_of_enough >= wanted()) take(goal, reach.gain_of_enough, reach.gain_of_enough);
    int64_t missing = wanted() - (hits_ + reach.gain);
    if (missing <= 0 && goal.is_found) {
      // As many hits count where they cost less.
      const int64_t most_for_less = most_going_on(goal.cost, true);
      const int64_t equal = most_for_less < 0 ? INT64_MAX : goal.hits - (hits_ + passed_.reach(most_for_less, 0).gain);
      missing = std::min(missing + 1, equal);
    }
    search.next = passing_can_gain_ + std::max<int64_t>(missing, 0);
  }

  void look_for_hits(Search &search) {
    consort_threshold_goal &goal = *search.goal;
    for (int round = 0; round < 2; ++round) {
      const int64_t most = goal.is_found ? most_going_on(goal.cost, true) : most_going_on(search.known_cost, false);
      if (most < 0) {
        search.is_over = true;
        return;
      }
      const Reach reach = passed_.reach(most, cascade_.fewest);
      search.next = passing_can_gain_ + std::max<int64_t>(goal.least_hits - (hits_ + reach.gain), 0);
      if (hits_ + reach.gain_of_enough < goal.least_hits) return;
      take(goal, goal.least_hits - hits_, 0);
    }
  }

  void take(consort_threshold_goal &goal, int64_t wanted, int64_t gain) {
    int64_t levels, going_on;
    passed_.shortest(wanted, cascade_.fewest, &levels, &going_on);
    const double cost = this->cost(going_on);
    const int64_t hits = hits_ + gain;
    const bool is_better = goal.least_hits < 0 ? hits > goal.hits || (hits == goal.hits && cost < goal.cost) : cost < goal.cost;
    if (goal.is_found && !is_better) return;
    goal.is_found = 1;
    goal.passing = passing_;
    goal.going_on = going_on;
    goal.second_levels = levels;
    goal.hits = hits;
    goal.cost = cost;
  }

  /// What all images cost where some of them go on to the third stage.
  double cost(int64_t going_on) const {
    double cost = static_cast<double>(cascade_.images) * cascade_.costs[0];
    if (cascade_.stages > 1) cost += static_cast<double>(passing_) * cascade_.costs[1];
    if (cascade_.stages > 2) cost += static_cast<double>(going_on) * cascade_.costs[2];
    return cost;
  }

  /// The most images that may go on to the third stage within a cost, or below it; -1 where it is spent already.
  int64_t most_going_on(double budget, bool is_below) const {
    const auto fits = [&](int64_t count) { return is_below ? cost(count) < budget : cost(count) <= budget; };
    if (!fits(0)) return -1;
    const int64_t all = cascade_.stages > 2 ? passing_ : 0;
    if (fits(all)) return all;
    int64_t count = static_cast<int64_t>((budget - cost(0)) / cascade_.costs[2]);
    count = std::min(std::max<int64_t>(count, 0), all);
    while (!fits(count)) count -= 1;
    while (fits(count + 1)) count += 1;
    return count;
  }

  const consort_cascade &cascade_;
  Search *searches_;
  int64_t search_count_;
  Passed passed_;
  int64_t hits_ = 0, passing_ = 0;
  /// Of those that passed, how many may be right for it, and were not.
  int64_t passing_can_gain_ = 0;
  /// The least `next` of all goals.
  int64_t next_ = 0;
};

size_t rounded_up(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

extern "C" {

int64_t consort_sort(const double *values, int64_t count, int32_t *order, int32_t *ranks) {
  for (int64_t i = 0; i < count; ++i) order[i] = static_cast<int32_t>(i);
  std::sort(order, order + count, [values](int32_t first, int32_t second) {
    return values[first] != values[second] ? values[first] < values[second] : first < second;
  });
  int32_t rank = -1;
  for (int64_t i = 0; i < count; ++i) {
    if (i == 0 || values[order[i]] != values[order[i - 1]]) rank += 1;
    ranks[order[i]] = rank;
  }
  return rank + 1;
}

void consort_best_thresholds(const consort_cascade *cascade, void *scratch, consort_threshold_goal *goals,
                             int64_t goal_count) {
  Search *const searches = static_cast<Search *>(scratch);
  void *const rest = static_cast<char *>(scratch) + rounded_up(static_cast<size_t>(goal_count) * sizeof(Search));
  for (int64_t i = 0; i < goal_count; ++i) searches[i] = {goals + i, false, 0, INT64_MIN, INFINITY};
  if (const int64_t step = cascade->images / first_looks; step > 1 && cascade->stages > 1) {
    // What a few looks find bounds what is worth looking at: without it every plan on the way to the best one is.
    Sweep(*cascade, rest, searches, goal_count).run(step);
    for (int64_t i = 0; i < goal_count; ++i) {
      consort_threshold_goal &goal = goals[i];
      const bool is_found = goal.is_found == 1;
      searches[i] = {&goal, false, 0, is_found && goal.least_hits < 0 ? goal.hits : INT64_MIN,
                     is_found && goal.least_hits >= 0 ? goal.cost : INFINITY};
      goal.is_found = 0;
    }
  }
  Sweep(*cascade, rest, searches, goal_count).run(1);
}

size_t consort_best_thresholds_scratch_bytes(const consort_cascade *cascade, int64_t goal_count) {
  return rounded_up(static_cast<size_t>(goal_count) * sizeof(Search)) +
         Passed::bytes(cascade->stages > 2 ? cascade->second_levels : 0);
}

}  // extern "C"
