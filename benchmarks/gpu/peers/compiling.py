"""torch.compile, in a process of its own that is stopped when its time is over."""
import json
import os
import subprocess
import sys
import time

from clip_towers import Tower
from report import first_line, stop
from timing import latency, throughput

# Started anew for each tower and batch.
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers.py")


def worker(torch, arguments):
    """Compiles one tower for one batch, prints a JSON line."""
    name, batch, precision = arguments.worker.rsplit(":", 2)
    batch = int(batch)
    row = {}
    try:
        tower = Tower(torch, name, precision, arguments.device)
        start = time.monotonic()
        function = torch.compile(tower.model, mode=arguments.compile_mode, fullgraph=True, dynamic=False)
        with torch.no_grad():
            measured = latency if batch == 1 else throughput
            row = measured(tower, "compile", batch, arguments.seconds, function)
        row["note"] = f"{time.monotonic() - start:.0f} s with compiling"
    except Exception as e:
        row = {"failed": f"{type(e).__name__}: {first_line(e)}"}
    print("ROW " + json.dumps(row), flush=True)


def compiled(report, arguments, name, batch, precision, seconds_at_most, log):
    what = {"kind": "latency" if batch == 1 else "throughput", "what": name, "precision": precision, "batch": batch,
            "mode": "compile"}
    limit = min(seconds_at_most, report.left() - 1)
    if limit < 10:
        report.add({**what, "skipped": "no time left"})
        return
    command = [sys.executable, PROGRAM, "--worker", f"{name}:{batch}:{precision}",
               "--seconds", str(arguments.seconds), "--device", arguments.device, "--sdpa", arguments.sdpa,
               "--compile-mode", arguments.compile_mode]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True)
    report.process = process
    try:
        output, _ = process.communicate(timeout=limit)
        rows = [text[4:] for text in output.splitlines() if text.startswith("ROW ")]
        row = json.loads(rows[-1]) if rows else {"failed": f"the process ended with {process.returncode}"}
    except subprocess.TimeoutExpired:
        row = {"skipped": f"not compiled within {limit:.0f} s"}
    finally:
        report.process = None
        stop(process)
    report.add({**what, **row})
