// The page: sends the microphone or a file to the server, and shows what it answers.
import { drawBeat, drawTrace, Envelope } from "./drawing.js";
import { ORDER, words } from "./words.js";

const $ = (id) => document.getElementById(id);
const WINDOW_S = 6;
/** Bytes of unsent sound beyond which blocks are skipped. */
const BACKLOG = 2 ** 20;

let source = null; // the stream in progress
let envelope = null, beats = [], averaged = null, fromS = 0, following = true;

function reset(rate, keepS) {
  envelope = new Envelope(rate, keepS);
  [beats, averaged, fromS, following] = [[], null, 0, true];
  $("signs").replaceChildren();
  $("none").hidden = false;
  $("none").textContent = "No findings yet: a few seconds of clear beats are needed.";
  $("scroll").hidden = true;
  $("rate").value = "–";
  $("beats").textContent = "";
  $("message").hidden = true;
}

function tell(text) {
  $("message").textContent = text;
  $("message").hidden = !text;
}

function setQuality(text, kind = "") {
  $("quality").value = text;
  $("quality").className = kind;
}

function setRate(bpm) {
  $("rate").value = bpm === null ? "–" : Math.round(bpm);
}

function setSign(name, value, probability) {
  const said = words(name, value, probability), list = $("signs");
  list.querySelectorAll(`[data-sign="${name}"]`).forEach((old) => old.remove());
  if (said) {
    const term = document.createElement("dt"), text = document.createElement("dd"), sure = document.createElement("small");
    term.textContent = said.name;
    text.textContent = `${said.text} `;
    sure.textContent = said.sure;
    text.append(sure);
    text.className = said.sign ? "sign" : "";
    for (const part of [term, text]) part.dataset.sign = name;
    const next = [...list.children].find((other) => ORDER.indexOf(other.dataset.sign) > ORDER.indexOf(name));
    next ? next.before(term, text) : list.append(term, text);
  }
  $("none").hidden = list.children.length > 0;
}

function take(event) {
  switch (event.event) {
    case "beat_found":
      beats.push(event);
      if (beats.length > 2000) beats.splice(0, 1000);
      $("beats").textContent = `${event.number} ${event.number === 1 ? "beat" : "beats"}`;
      break;
    case "rate_changed":
      setRate(event.heart_rate_bpm);
      break;
    case "quality_changed":
      setQuality(event.quality, event.quality === "good" ? "good" : "bad");
      break;
    case "sign_changed":
      setSign(event.sign, event.value, event.probability);
      break;
    case "beat_averaged":
      averaged = event;
      break;
    case "finished":
      conclude(event.analysis);
      break;
    case "error":
      tell(event.message);
      break;
  }
}

/** Show a whole analysis. */
function conclude(analysis) {
  for (const name of ORDER) {
    const finding = analysis.findings[name];
    const readable = analysis.status === "ok";
    setSign(name, readable ? finding.value : null, name === "murmur" ? finding.present_probability : finding.probability);
  }
  setRate(analysis.rhythm.heart_rate_bpm);
  const all = analysis.segmentation.cycles;
  beats = all.s1_onset_s.map((s1, i) => ({
    s1_onset_s: s1, systole_onset_s: all.systole_onset_s[i], s2_onset_s: all.s2_onset_s[i],
    diastole_onset_s: all.diastole_onset_s[i], confidence: all.confidence[i],
  }));
  if (analysis.murmur && analysis.rhythm.systole_s !== null) {
    averaged = {
      systole_s: analysis.rhythm.systole_s, diastole_s: analysis.rhythm.diastole_s,
      systole_profile_db: analysis.murmur.profile_db, diastole_profile_db: analysis.murmur.diastole_profile_db,
    };
  }
  $("beats").textContent = `${beats.length} ${beats.length === 1 ? "beat" : "beats"}`;
  $("none").hidden = analysis.status === "ok";
  $("none").textContent = analysis.status === "ok" ? "" : "No findings.";
  const seconds = analysis.duration_s;
  $("clock").value = minutes(seconds);
  if (analysis.status === "ok") setQuality(analysis.quality.reasons.join(", ") || "good", "good");
  else setQuality(analysis.error, "bad");
  following = false;
  fromS = Math.max(envelope.first / Envelope.PER_S, 0);
  if (seconds - fromS > WINDOW_S) {
    Object.assign($("from"), { min: fromS, max: seconds - WINDOW_S, value: fromS });
    $("scroll").hidden = false;
    $("at").value = `${fromS.toFixed(1)} s`;
  }
  describe();
}

const minutes = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

/** Describe the pictures for screen readers. */
function describe() {
  const last = beats[beats.length - 1];
  $("trace").setAttribute("aria-label", last
    ? `Phonocardiogram: ${beats.length} beats, ${$("rate").value} per minute`
    : "Phonocardiogram: no beat yet");
  if (!averaged) return;
  const loud = Math.max(...averaged.systole_profile_db.filter((db) => db !== null));
  $("beat").setAttribute("aria-label",
    `Average cycle: systole ${Math.round(1000 * averaged.systole_s)} ms, at most ${Math.round(loud)} dB above late diastole`);
}

function draw() {
  if (envelope) {
    if (following) {
      fromS = Math.max(envelope.seconds - WINDOW_S, 0);
      $("clock").value = minutes(envelope.seconds);
    }
    drawTrace($("trace"), envelope, beats, fromS, WINDOW_S);
    drawBeat($("beat"), averaged);
  }
  requestAnimationFrame(draw);
}

// --- the microphone

async function listen() {
  const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  if ($("device").value) wanted.deviceId = { exact: $("device").value };
  const media = await navigator.mediaDevices.getUserMedia({ audio: wanted });
  const audio = new AudioContext();
  await audio.audioWorklet.addModule("/page/worklet.js");
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error("The server does not accept another stream."));
  });
  reset(audio.sampleRate, WINDOW_S + 2);
  setQuality("listening");
  socket.onmessage = (message) => {
    take(JSON.parse(message.data));
    describe();
  };
  let skipped = 0;
  const node = new AudioWorkletNode(audio, "blocks");
  node.port.onmessage = ({ data }) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    envelope.push(data);
    if (socket.bufferedAmount > BACKLOG) {
      skipped += data.length;
      return;
    }
    if (skipped) socket.send(JSON.stringify({ skip: skipped }));
    skipped = 0;
    socket.send(data);
  };
  socket.send(JSON.stringify({ sample_rate_hz: audio.sampleRate, format: "f32le", site: $("site").value }));
  audio.createMediaStreamSource(media).connect(node);
  await audio.resume();
  const quiet = () => {
    media.getTracks().forEach((track) => track.stop());
    if (audio.state !== "closed") audio.close();
  };
  socket.onclose = () => {
    if (source === mine) stopped();
    quiet();
  };
  const mine = { stop: () => {
    node.port.onmessage = null;
    quiet();
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ finish: true }));
  } };
  listDevices();
  return mine;
}

function stopped() {
  source = null;
  $("listen").textContent = "Listen";
  $("listen").setAttribute("aria-pressed", "false");
}

$("listen").addEventListener("click", async () => {
  if (source) {
    source.stop();
    stopped();
    return;
  }
  $("listen").disabled = true;
  try {
    source = await listen();
    $("listen").textContent = "Stop";
    $("listen").setAttribute("aria-pressed", "true");
  } catch (error) {
    tell(error.name === "NotAllowedError" ? "The browser has no permission to use the microphone." : error.message);
  } finally {
    $("listen").disabled = false;
  }
});

async function listDevices() {
  const found = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const chosen = $("device").value;
  $("device").replaceChildren(new Option("system default", ""), ...found
    .filter((device) => device.kind === "audioinput" && device.label)
    .map((device) => new Option(device.label, device.deviceId)));
  $("device").value = chosen;
}

// --- a recording

async function open(file) {
  source?.stop();
  if (source) stopped();
  reset(1000);
  setQuality(`analyzing ${file.name}`);
  const query = $("site").value ? `?site=${$("site").value}` : "";
  const body = await file.arrayBuffer();
  const answer = await fetch(`/analyze${query}`, {
    method: "POST", body, headers: { "content-type": "application/octet-stream" },
  });
  const result = await answer.json();
  if (!answer.ok) {
    setQuality("not analyzed", "bad");
    tell(`${file.name}: ${result.error}`);
    return;
  }
  try {
    const decoder = new OfflineAudioContext(1, 1, 8000);
    const sound = await decoder.decodeAudioData(body);
    envelope = new Envelope(sound.sampleRate);
    envelope.push(sound.getChannelData(0));
  } catch {
    tell("The browser can't draw this kind of sound; the findings are below.");
  }
  conclude(result);
}

$("file").addEventListener("change", () => {
  if ($("file").files.length) open($("file").files[0]).catch((error) => tell(error.message));
});
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    if (kind === "drop" && event.dataTransfer.files.length) {
      open(event.dataTransfer.files[0]).catch((error) => tell(error.message));
    }
  });
}
$("from").addEventListener("input", () => {
  fromS = Number($("from").value);
  $("at").value = `${fromS.toFixed(1)} s`;
});

listDevices();
draw();
