/// Numbers in -1..<1 by integer arithmetic, equal on every machine, as `make_networks.py` and `check_exports.py` have them; they
/// begin anew after 20,011.
public func fixtureNumbers(_ count: Int, phase: Int) -> [Float] {
  let period = 20_011
  let table = (0..<min(count, period)).map { index in
    let integer = (index * 7919 + phase * 104_729 + (index * index) % 10_007 * 31) % period
    return Float(Double(integer) / 10_005.5 - 1)
  }
  var values: [Float] = []
  values.reserveCapacity(count)
  while values.count < count { values += table.prefix(count - values.count) }
  return values
}
