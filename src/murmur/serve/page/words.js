// Findings in words. `sign` marks what a doctor would point out.
const NAMES = {
  murmur: "Murmur", systolic_timing: "Timing", systolic_shape: "Shape", systolic_pitch: "Pitch", systolic_quality: "Character",
  grade: "Grade", s1_intensity: "S1", s2_split: "S2 split", s3: "S3", s4: "S4", click: "Click",
  diastolic_murmur: "Diastolic murmur", irregular_rhythm: "Rhythm", premature_beats: "Premature beats",
  mitral_regurgitation: "Mitral-regurgitation score",
};
const VALUES = {
  "systolic_timing holosystolic": "pansystolic", "murmur unknown": "can't be told", "murmur present": "heard",
  "murmur absent": "none heard", "irregular_rhythm present": "irregular", "irregular_rhythm absent": "regular",
};
const QUIET = new Set(["s3 absent", "s4 absent", "click absent", "diastolic_murmur absent", "premature_beats absent"]);
const POINTED_OUT = new Set([
  "murmur present", "systolic_timing holosystolic", "s1_intensity quiet", "s3 present", "s4 present", "click present",
  "diastolic_murmur present", "irregular_rhythm present", "premature_beats present",
]);

export const ORDER = Object.keys(NAMES);

/** Words for a finding: its name, value, how sure it is, and whether it is pointed out; null where there is nothing to say. */
export function words(sign, value, probability) {
  if (value === null || value === undefined) return null;
  const key = `${sign} ${value}`;
  if (QUIET.has(key)) return null;
  const name = NAMES[sign];
  if (sign === "s2_split") return { name, text: `${Math.round(value)} ms`, sure: "", sign: value > 45 };
  if (sign === "mitral_regurgitation") return { name, text: value.toFixed(2), sure: "of 1", sign: value >= 0.5 };
  return { name, text: VALUES[key] ?? value, sure: certainty(sign, value, probability), sign: POINTED_OUT.has(key) };
}

/** The probability of what is said; that of a finding is of what it is named after, whatever is said. */
function certainty(sign, value, probability) {
  if (probability === null || probability === undefined) return "";
  const inverse = value === "absent" || (sign === "s1_intensity" && value !== "quiet");
  if (sign === "murmur" && value === "unknown") return "";
  const p = inverse ? 1 - probability : probability;
  return p > 0.99 ? "> 99 %" : `${Math.round(100 * p)} %`;
}
