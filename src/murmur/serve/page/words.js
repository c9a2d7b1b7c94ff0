// Findings in words, from the signs that the server knows. `sign` marks what a doctor would point out.
import { SIGNS } from "./signs.js";

const BY_NAME = new Map(SIGNS.map((sign) => [sign.name, sign]));

export const ORDER = [...BY_NAME.keys()];

/** Words for a finding: its name, value, certainty, and whether it is pointed out; null if there is nothing to report. */
export function words(sign, value, probability) {
  const known = BY_NAME.get(sign);
  if (value === null || value === undefined || known.unremarkable.includes(value)) return null;
  const name = known.title;
  if (typeof value === "number") {
    const share = known.unit === "0 to 1";
    const text = share ? value.toFixed(2) : `${Math.round(value)} ${known.unit}`;
    return { name, text, sure: share ? "of 1" : "", sign: known.abnormal_from !== null && value >= known.abnormal_from };
  }
  const text = known.phrases[value] ?? value;
  return { name, text, sure: certainty(known, value, probability), sign: known.abnormal.includes(value) };
}

/** The probability of the value; that of a finding may be of one value whatever was found. */
function certainty(sign, value, probability) {
  if (probability === null || probability === undefined || value === "unknown") return "";
  const p = sign.probability_of && value !== sign.probability_of ? 1 - probability : probability;
  return p > 0.99 ? "> 99 %" : `${Math.round(100 * p)} %`;
}
