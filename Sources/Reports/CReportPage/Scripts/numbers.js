// Numbers as the page's own text has them; a test compares both on the same values.

// Rounded half away from zero after scaling: toFixed alone rounds what lies behind the decimals.
const fixed = (value, digits) => {
  if (value === null || value === undefined) return "–";
  const power = 10 ** digits;
  const scaled = Math.round(Math.abs(value) * power);
  return (value < 0 && scaled > 0 ? "−" : "") + (scaled / power).toFixed(digits);
};
const scaled = (number) => {
  let value = Math.round(number);
  let unit = "";
  for (const next of ["k", "M", "G", "T", "P"]) {
    if (value < 999.5) break;
    value /= 1000;
    unit = "\u00a0" + next;
  }
  return fixed(value, unit === "" || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2) + unit;
};
const milliseconds = (value) => fixed(value, value < 0.1 ? 4 : value < 10 ? 2 : 1);
const number = (cost, measure) => (measure.isTime ? milliseconds(cost) : scaled(cost));
const amount = (cost, measure) => number(cost, measure) + " " + measure.unit;

