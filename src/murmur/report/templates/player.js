// Each player: the sound, a cursor over its picture, and slower without a lower pitch.
"use strict";

const STEP_S = 0.25;
const players = [...document.querySelectorAll(".player")].map(connect);

function connect(player) {
  const audio = player.querySelector("audio");
  const strip = player.querySelector(".strip");
  const sheet = player.querySelector(".sheet");
  const cursor = player.querySelector(".cursor");
  const speeds = [...player.querySelectorAll("[data-speed]")];
  const { start, end, left, right } = Object.fromEntries(Object.entries(player.dataset).map(([k, v]) => [k, Number(v)]));
  const duration = end - start;

  function show() {
    const share = Math.min(audio.currentTime / duration, 1);
    const place = (left + (right - left) * share) * sheet.clientWidth;
    cursor.style.left = `${place}px`;
    // the sheet follows where the cursor would leave it
    if (!audio.paused && (place < strip.scrollLeft || place > strip.scrollLeft + 0.85 * strip.clientWidth)) {
      strip.scrollLeft = place - 0.15 * strip.clientWidth;
    }
    strip.setAttribute("aria-valuenow", audio.currentTime.toFixed(2));
    strip.setAttribute("aria-valuetext", `${(start + audio.currentTime).toFixed(1)} seconds`);
  }

  function follow() {
    show();
    if (!audio.paused) requestAnimationFrame(follow);
  }

  function seek(time) {
    audio.currentTime = Math.min(Math.max(time, 0), Number.isFinite(audio.duration) ? audio.duration : duration);
    show();
  }

  function toggle() {
    if (audio.paused) audio.play().catch(() => {}); else audio.pause();
  }

  audio.addEventListener("play", () => {
    for (const other of players) if (other !== audio) other.pause();
    requestAnimationFrame(follow);
  });
  for (const event of ["seeked", "pause", "ended", "timeupdate"]) audio.addEventListener(event, show);
  for (const button of speeds) {
    button.addEventListener("click", () => {
      audio.preservesPitch = true;
      audio.playbackRate = Number(button.dataset.speed);
      for (const other of speeds) other.setAttribute("aria-pressed", String(other === button));
    });
  }
  sheet.addEventListener("click", (event) => {
    const share = (event.clientX - sheet.getBoundingClientRect().left) / sheet.clientWidth;
    seek(duration * (share - left) / (right - left));
  });
  strip.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -STEP_S, ArrowRight: STEP_S, PageUp: -2, PageDown: 2 };
    if (event.key in moves) seek(audio.currentTime + moves[event.key]);
    else if (event.key === "Home") seek(0);
    else if (event.key === "End") seek(duration);
    else if (event.key === " " || event.key === "Enter") toggle();
    else return;
    event.preventDefault();
  });
  window.addEventListener("resize", show);
  player.querySelector(".speeds").hidden = false;
  show();
  return audio;
}
