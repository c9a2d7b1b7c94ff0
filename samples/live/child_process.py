"""murmur as a child process: raw PCM to its stdin, a line of JSON for each event from its stdout. Any language can do this.

python samples/live/child_process.py [RECORDING]
"""

import json
import subprocess
import sys
import threading
from pathlib import Path

import soundfile

path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "mitral_regurgitation_severe.wav"
samples, rate = soundfile.read(path, dtype="int16")
command = [sys.executable, "-m", "murmur", "live", "--rate", str(rate), "--format", "s16le", "--site", "MV"]
with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as murmur:

    def send() -> None:
        """Write blocks of 100 ms, while events are read."""
        for start in range(0, len(samples), rate // 10):
            murmur.stdin.write(samples[start : start + rate // 10].tobytes())
            murmur.stdin.flush()
        murmur.stdin.close()

    threading.Thread(target=send).start()
    for line in murmur.stdout:
        event = json.loads(line)
        if event["event"] == "sign_changed":
            print(f"{event['time_s']:5.2f} s  {event['sign']}: {event['value']}")
        elif event["event"] == "finished":
            score = event["analysis"]["findings"]["mitral_regurgitation"]["value"]
            print(event["analysis"]["error"] if score is None else f"score {score:.2f}")
