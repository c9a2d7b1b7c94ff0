// The two pictures: the phonocardiogram with its heart sounds, and the average cycle.

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function fitted(canvas) {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale), height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  context.font = "600 14px system-ui, sans-serif";
  return [context, canvas.clientWidth, canvas.clientHeight];
}

/** The lowest and highest sample of each 5 ms, of which only the latest are kept. */
export class Envelope {
  constructor(rate, keepS = Infinity) {
    Object.assign(this, { rate, keep: keepS * Envelope.PER_S, first: 0, low: [], high: [], taken: 0, least: 0, most: 0 });
  }

  static PER_S = 200;

  push(samples) {
    for (const sample of samples) {
      if (sample < this.least) this.least = sample;
      if (sample > this.most) this.most = sample;
      this.taken += 1;
      if (this.taken >= ((this.first + this.low.length + 1) * this.rate) / Envelope.PER_S) {
        this.low.push(this.least);
        this.high.push(this.most);
        this.least = this.most = 0;
      }
    }
    const over = this.low.length - this.keep;
    if (over > 0) {
      this.low.splice(0, over);
      this.high.splice(0, over);
      this.first += over;
    }
  }

  get seconds() {
    return this.taken / this.rate;
  }
}

/** Draw `widthS` seconds from `fromS` on; `beats` have onsets in seconds. */
export function drawTrace(canvas, envelope, beats, fromS, widthS) {
  const [context, width, height] = fitted(canvas);
  const x = (s) => ((s - fromS) / widthS) * width;
  context.fillStyle = style("--soft");
  for (let s = Math.ceil(fromS); s < fromS + widthS; s++) {
    context.globalAlpha = 0.35;
    context.fillRect(x(s), height - 6, 1, 6);
    context.globalAlpha = 1;
    if (s >= 0 && x(s) < width - 30) context.fillText(`${s} s`, x(s) + 3, height - 4);
  }
  for (const beat of beats) {
    for (const [onset, end, name, colour] of [
      [beat.s1_onset_s, beat.systole_onset_s, "1", "--s1"],
      [beat.s2_onset_s, beat.diastole_onset_s, "2", "--s2"],
    ]) {
      if (end < fromS || onset > fromS + widthS) continue;
      context.fillStyle = style(colour);
      context.globalAlpha = beat.confidence < 0.5 ? 0.1 : 0.28;
      context.fillRect(x(onset), 22, Math.max(x(end) - x(onset), 2), height - 44);
      context.globalAlpha = beat.confidence < 0.5 ? 0.5 : 1;
      context.fillText(name, (x(onset) + x(end)) / 2 - 4, 16);
      context.globalAlpha = 1;
    }
  }
  if (!envelope || !envelope.low.length) return;
  const first = Math.max(Math.floor(fromS * Envelope.PER_S) - envelope.first, 0);
  const last = Math.min(Math.ceil((fromS + widthS) * Envelope.PER_S) - envelope.first, envelope.low.length);
  let largest = 1e-6;
  for (let i = first; i < last; i++) largest = Math.max(largest, envelope.high[i], -envelope.low[i]);
  const middle = height / 2, gain = (height / 2 - 26) / largest;
  context.fillStyle = style("--trace");
  const wide = Math.max(width / widthS / Envelope.PER_S, 1);
  for (let i = first; i < last; i++) {
    const top = middle - envelope.high[i] * gain, bottom = middle - envelope.low[i] * gain;
    context.fillRect(x((i + envelope.first) / Envelope.PER_S), top, wide, Math.max(bottom - top, 1));
  }
}

/** Draw the average cycle: tenths of systole and of diastole, above late diastole. */
export function drawBeat(canvas, beat) {
  const [context, width, height] = fitted(canvas);
  if (!beat) return;
  const total = beat.systole_s + beat.diastole_s, sound = 0.03 * width, base = height - 26;
  const levels = [...beat.systole_profile_db, ...beat.diastole_profile_db].filter((db) => db !== null);
  const top = Math.max(20, ...levels), y = (db) => base - (Math.max(db, 0) / top) * (base - 24);
  context.fillStyle = style("--soft");
  for (let db = 0; db <= top; db += 10) {
    context.globalAlpha = 0.3;
    context.fillRect(34, y(db), width - 34, 1);
    context.globalAlpha = 1;
    context.fillText(`${db}`, 6, y(db) + 5);
  }
  let left = 38;
  const usable = width - left - 2 * sound - 6;
  for (const [name, key, label, seconds, profile, colour] of [
    ["1", "--s1", "systole", beat.systole_s, beat.systole_profile_db, "--sign"],
    ["2", "--s2", "diastole", beat.diastole_s, beat.diastole_profile_db, "--soft"],
  ]) {
    context.fillStyle = style(key);
    context.fillRect(left, 24, sound, base - 24);
    context.fillText(name, left + sound / 2 - 4, 18);
    left += sound;
    const span = (usable * seconds) / total;
    context.fillStyle = style(colour);
    profile.forEach((db, i) => {
      if (db === null) return;
      context.globalAlpha = 0.75;
      context.fillRect(left + (i / profile.length) * span + 1, y(db), span / profile.length - 2, base - y(db));
      context.globalAlpha = 1;
    });
    context.fillStyle = style("--soft");
    const time = `${Math.round(1000 * seconds)} ms`, long = `${label} ${time}`;
    context.fillText(context.measureText(long).width < span ? long : time, left, height - 7);
    left += span;
  }
}
