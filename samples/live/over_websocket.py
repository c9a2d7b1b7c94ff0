"""murmur over a WebSocket, beside `murmur serve`: one JSON message, then sound; events come back.

murmur serve &
python samples/live/over_websocket.py [RECORDING] [HOST:PORT]
"""

import json
import sys
from pathlib import Path

import soundfile
from websockets.sync.client import connect

path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent / "mitral_regurgitation_severe.wav"
address = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:8765"
samples, rate = soundfile.read(path, dtype="int16")
with connect(f"ws://{address}/live") as live:
    live.send(json.dumps({"sample_rate_hz": rate, "format": "s16le", "site": "MV"}))
    for start in range(0, len(samples), rate // 10):
        live.send(samples[start : start + rate // 10].tobytes())
    live.send(json.dumps({"finish": True}))
    for message in live:
        event = json.loads(message)
        if event["event"] == "sign_changed":
            print(f"{event['time_s']:5.2f} s  {event['sign']}: {event['value']}")
        elif event["event"] == "error":
            print(event["message"])
            break
        elif event["event"] == "finished":
            score = event["analysis"]["findings"]["mitral_regurgitation"]["value"]
            print(event["analysis"]["error"] if score is None else f"score {score:.2f}")
