"""murmur inside a Python program: blocks in, events out.

    python samples/live/in_process.py [RECORDING]

Plays a recording as a stethoscope would send it, in blocks of 100 ms, only faster.
"""

import sys
from pathlib import Path

import soundfile

import murmur
from murmur.live.events import BeatFound, QualityChanged, RateChanged, SignChanged

path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "mitral_regurgitation_severe.wav"
murmur.warm_up()  # nothing is compiled or loaded while somebody listens
with soundfile.SoundFile(path) as file:
    live = murmur.LiveAnalyzer(file.samplerate, site="MV")
    while len(block := file.read(file.samplerate // 10, dtype="int16")):
        for event in live.push(block):
            match event:
                case BeatFound():
                    late_s = event.time_s - event.diastole_onset_s
                    print(f"{event.time_s:5.2f} s  beat {event.number}, told {late_s:.2f} s after its S2")
                case RateChanged(heart_rate_bpm=float(rate)):
                    print(f"{event.time_s:5.2f} s  {rate:.0f} per minute")
                case QualityChanged():
                    print(f"{event.time_s:5.2f} s  sound is {event.quality}")
                case SignChanged(value=float(figure)):  # ms of the split of S2, or the score
                    print(f"{event.time_s:5.2f} s  {event.sign}: {figure:.2f}")
                case SignChanged():
                    sure = "" if event.probability is None else f" ({event.probability:.2f})"
                    print(f"{event.time_s:5.2f} s  {event.sign}: {event.value}{sure}")
analysis = live.finish()  # the same as of the finished recording
score = analysis.findings.mitral_regurgitation.value
print(analysis.error if score is None else f"score {score:.2f}")
